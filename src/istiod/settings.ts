import { type ClusterId, type NetworkId, parseClusterId, parseNetworkId } from '../model/index.ts';
import { LOG_LEVELS, type LogLevel, parseLogLevel } from '../observe/index.ts';

/** What an istiod pod is told by its environment (the Deployment that `install` makes). */
export interface IstiodSettings {
  readonly cluster: ClusterId;
  readonly network: NetworkId;
  /** Of istiod itself, and Istio's root namespace. */
  readonly namespace: string;
  readonly pod: string;
  /** Empty for the default revision. */
  readonly revision: string;
  /** The names under which proxies and API servers call it. */
  readonly serverNames: readonly string[];
  /** Where it listens for all but its own machine; every port of it but these is on the loopback. */
  readonly bindAddress: string;
  readonly ports: IstiodPorts;
  /** How long endpoints of a cluster that cannot be asked are used on, in milliseconds. */
  readonly lostAfterMs: number;
  /** Of all scopes: `info`, or what Istio's `ads:debug,default:info` says of the scopes that it does not name. */
  readonly logLevel: LogLevel;
  /** The Service by which the cluster's own DNS asks for the mesh's names. */
  readonly dnsService: string;
  /** What is kept of the mesh's names in clusters; each may be declined. */
  readonly names: { readonly coreDns: boolean; readonly imports: boolean };
  /** The webhook configurations of this revision. */
  readonly webhooks: { readonly mutating: string; readonly validating: string };
}

/** Port 0 takes any free one. */
export interface IstiodPorts {
  readonly xds: number;
  /** xDS in plain text, on 127.0.0.1: for people who forward ports. */
  readonly plainXds: number;
  readonly webhook: number;
  readonly monitoring: number;
  readonly dns: number;
  /** On 127.0.0.1: status for people who may forward ports to this pod. */
  readonly debug: number;
}

/** Istio's ports. */
export const ISTIOD_PORTS: IstiodPorts = {
  xds: 15_012,
  plainXds: 15_010,
  webhook: 15_017,
  monitoring: 15_014,
  dns: 15_053,
  debug: 8080,
};

/** An hour: API servers are away for minutes, and what ran a minute ago usually runs still. */
const LOST_AFTER_MS = 3_600_000;
/** 24 days: timers of Node take 31 bits of milliseconds, and one that is given more runs at once. */
const MAX_LOST_AFTER_SECONDS = 2_073_600;

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws Error naming the variable that is wrong: the pod is made by `install`, so nobody else will meet it. */
export function readSettings(env: Environment): IstiodSettings {
  const cluster = parseClusterId(env['CLUSTER_ID'] ?? 'kubernetes');
  if (!cluster) throw new Error(`CLUSTER_ID is ${JSON.stringify(env['CLUSTER_ID'])}, which is no DNS label`);
  const network = parseNetworkId(env['NETWORK'] || cluster);
  if (!network) throw new Error(`NETWORK is ${JSON.stringify(env['NETWORK'])}, which is no label value of Kubernetes`);
  const namespace = env['POD_NAMESPACE'] || 'istio-system';
  const revision = env['REVISION'] ?? '';
  return {
    cluster,
    network,
    namespace,
    pod: env['POD_NAME'] || 'istiod',
    revision: revision === 'default' ? '' : revision,
    serverNames: serverNames(namespace, revision, env['ISTIOD_CUSTOM_HOST']),
    bindAddress: env['BIND_ADDRESS'] || '0.0.0.0',
    ports: ISTIOD_PORTS,
    lostAfterMs: lostAfterMs(env['REMOTE_CLUSTER_LOST_AFTER_SECONDS']),
    dnsService: revision && revision !== 'default' ? `istiod-dns-${revision}` : 'istiod-dns',
    names: { coreDns: env['COREDNS'] !== 'off', imports: env['IMPORT_SERVICES'] !== 'off' },
    webhooks: {
      mutating: env['INJECTION_WEBHOOK_CONFIG_NAME'] || 'istio-sidecar-injector',
      validating: env['VALIDATION_WEBHOOK_CONFIG_NAME'] || `istio-validator-${namespace}`,
    },
    logLevel: logLevel(env['LOG_LEVEL']),
  };
}

function lostAfterMs(text: string | undefined): number {
  if (!text) return LOST_AFTER_MS;
  const seconds = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (seconds >= 1 && seconds <= MAX_LOST_AFTER_SECONDS) return seconds * 1000;
  throw new Error(
    `REMOTE_CLUSTER_LOST_AFTER_SECONDS is ${JSON.stringify(text)}, which is no number of seconds from 1 to ${MAX_LOST_AFTER_SECONDS}`,
  );
}

/** Levels of single scopes are set at run time (`istioctl admin log`). */
function logLevel(text: string | undefined): LogLevel {
  const parts = (text ?? '').split(',').map((part) => part.trim().split(':'));
  const [wanted] = parts.flatMap(([scope = '', level]) => {
    if (level === undefined) return scope || [];
    return scope === 'default' || scope === 'all' ? level : [];
  });
  const found = parseLogLevel(wanted ?? 'info');
  if (found) return found;
  throw new Error(`LOG_LEVEL is ${JSON.stringify(text)}; levels are none, ${LOG_LEVELS.join(', ')}`);
}

/** The Service's own names, with and without the revision, and those that the operator adds. */
function serverNames(namespace: string, revision: string, custom: string | undefined): readonly string[] {
  const services = ['istiod', ...(revision && revision !== 'default' ? [`istiod-${revision}`] : [])];
  const own = services.flatMap((name) => [`${name}.${namespace}.svc`, `${name}.${namespace}`]);
  const more = (custom ?? '').split(',').flatMap((name) => name.trim() || []);
  return [...new Set([...own, ...more])];
}
