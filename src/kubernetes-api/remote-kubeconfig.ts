import { parse } from 'yaml';
import type { ApiAccess } from './api-server.ts';

/** A kubeconfig for one cluster has a few kilobytes. */
const MAX_BYTES = 256 * 1024;

/** What came of a kubeconfig that somebody else wrote. */
export type RemoteAccess =
  | { readonly kind: 'access'; readonly access: ApiAccess }
  | { readonly kind: 'refused'; readonly reason: string };

type Plain = Readonly<Record<string, unknown>>;

/**
 * Reads a kubeconfig out of a remote secret. It is foreign text, so it may name no program (exec), no plugin (auth-provider)
 * and no file: credentials must be in it, and TLS must be checked. Of all contexts only the current one counts.
 */
export function parseRemoteKubeconfig(text: string): RemoteAccess {
  if (text.length > MAX_BYTES) return refused(`it has ${text.length} characters, the limit is ${MAX_BYTES}`);
  let config: Plain;
  try {
    config = record(parse(text, { maxAliasCount: 0 }));
  } catch {
    return refused('it is no YAML');
  }
  const context = named(config['contexts'], String(config['current-context'] ?? ''), 'context');
  if (!context) return refused('its current-context is none of its contexts');
  const cluster = named(config['clusters'], String(context['cluster'] ?? ''), 'cluster');
  const user = named(config['users'], String(context['user'] ?? ''), 'user');
  if (!cluster || !user) return refused('its context names a cluster or a user that it has not');
  const fault = faultOf(cluster, user);
  if (fault) return refused(fault);
  const decode = (value: unknown): string | undefined =>
    typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : undefined;
  const ca = decode(cluster['certificate-authority-data']);
  const cert = decode(user['client-certificate-data']);
  const key = decode(user['client-key-data']);
  const token = typeof user['token'] === 'string' ? user['token'] : undefined;
  const servername = cluster['tls-server-name'];
  if (!token && !(cert && key)) return refused('it has neither a token nor a client certificate with its key');
  return {
    kind: 'access',
    access: {
      url: String(cluster['server']),
      tls: {
        ...(ca ? { ca } : {}),
        ...(cert ? { cert } : {}),
        ...(key ? { key } : {}),
        ...(typeof servername === 'string' ? { servername } : {}),
      },
      ...(token ? { token: async () => token } : {}),
    },
  };
}

/** Why the entries may not be used; undefined where they may. */
function faultOf(cluster: Plain, user: Plain): string | undefined {
  if (user['exec'] !== undefined) return 'it runs a program for its credentials (exec), which is never done here';
  if (user['auth-provider'] !== undefined)
    return 'it uses a plugin for its credentials (auth-provider), which is never done here';
  if (user['username'] !== undefined) return 'it uses a password, which Kubernetes knows no more';
  const files = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile', 'token-file'];
  const file = files.find((name) => cluster[name] !== undefined || user[name] !== undefined);
  if (file) return `it names a file (${file}); the data itself must be in it (${file}-data)`;
  if (cluster['insecure-skip-tls-verify'] === true) return 'it does not check the certificate of the API server';
  if (cluster['proxy-url'] !== undefined) return 'it goes through a proxy (proxy-url)';
  const server =
    typeof cluster['server'] === 'string' && URL.canParse(cluster['server']) ? new URL(cluster['server']) : undefined;
  return server?.protocol === 'https:' ? undefined : 'its server is no https:// address';
}

function named(list: unknown, name: string, field: string): Plain | undefined {
  const found = (Array.isArray(list) ? list : []).map(record).find((entry) => entry['name'] === name);
  return found === undefined ? undefined : record(found[field]);
}

function record(value: unknown): Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Plain) : {};
}

function refused(reason: string): RemoteAccess {
  return { kind: 'refused', reason };
}
