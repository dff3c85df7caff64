import { existsSync } from 'node:fs';
import type { RequestOptions as HttpsOptions } from 'node:https';
import { delimiter } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { ApiError } from './api-error.ts';
import type { ApiServer } from './api-server.ts';
import { createApiServer } from './http-api-server.ts';

/** The contexts of a person's kubeconfig. */
export interface Contexts {
  readonly names: readonly string[];
  readonly current: string;
}

/**
 * Reads the kubeconfig as kubectl does: `file`, else every file of `$KUBECONFIG` that is there (the first one's current
 * context counts), else `~/.kube/config`, else a pod's own.
 * The library is loaded here and not before, since it takes a tenth of a second.
 */
async function load(file: string | undefined): Promise<KubeConfig> {
  const { KubeConfig: Config } = await import('@kubernetes/client-node');
  const config = new Config();
  try {
    const named = file ? [file] : (process.env['KUBECONFIG'] ?? '').split(delimiter).filter((name) => name !== '');
    const [first = named[0], ...others] = named.filter((name) => existsSync(name));
    if (first === undefined) config.loadFromDefault();
    else config.loadFromFile(first);
    for (const other of others) {
      const more = new Config();
      more.loadFromFile(other);
      config.mergeConfig(more, Boolean(config.getCurrentContext()));
    }
    // Where the library finds nothing it makes up a cluster on this machine's port 8080.
    if (config.getContexts().some(({ name }) => name === 'loaded-context') && config.clusters[0]?.name === 'cluster') {
      config.loadFromOptions({ clusters: [], users: [], contexts: [], currentContext: '' });
    }
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new ApiError(`the kubeconfig cannot be read: ${said}`, { status: 0, reason: 'InvalidKubeconfig' });
  }
  return config;
}

export async function kubeconfigContexts(file?: string): Promise<Contexts> {
  const config = await load(file);
  return { names: config.getContexts().map(({ name }) => name), current: config.getCurrentContext() };
}

/** What a context of a kubeconfig says, without its credentials. */
export interface ContextDetails {
  readonly name: string;
  /** The address of its API server. */
  readonly server: string;
  /** Where its commands go unless they say so. */
  readonly namespace: string | undefined;
  /** PEM of who may have signed the API server's certificate. */
  readonly ca: string | undefined;
}

/** The context of that name, the current one unless named; undefined where there is none or it names no cluster. */
export async function readContext(options: {
  readonly file?: string;
  readonly context?: string;
}): Promise<ContextDetails | undefined> {
  const config = await load(options.file);
  const name = options.context ?? config.getCurrentContext();
  const context = config.getContextObject(name);
  if (!context) return undefined;
  config.setCurrentContext(name);
  const cluster = config.getCurrentCluster();
  if (!cluster) return undefined;
  const { ca } = await credentials(config);
  return {
    name,
    server: cluster.server,
    namespace: context.namespace || undefined,
    ca: ca === undefined ? undefined : String(ca),
  };
}

/**
 * The API server of a context, the current one unless named. Plugins for credentials are run: it is the person's own file.
 * @throws ApiError `NoSuchContext` with the contexts that there are.
 */
export async function connectContext(options: {
  readonly file?: string;
  readonly context?: string;
}): Promise<ApiServer> {
  const config = await load(options.file);
  const name = options.context ?? config.getCurrentContext();
  if (!config.getContextObject(name)) {
    const names = config.getContexts().map((context) => context.name);
    throw new ApiError(
      `the kubeconfig has no context "${name}"; it has ${names.length > 0 ? names.join(', ') : 'none at all'}`,
      { status: 0, reason: 'NoSuchContext' },
    );
  }
  config.setCurrentContext(name);
  const cluster = config.getCurrentCluster();
  if (!cluster) {
    throw new ApiError(`the context "${name}" names a cluster that the kubeconfig has not`, {
      status: 0,
      reason: 'InvalidKubeconfig',
    });
  }
  const { ca, cert, key, servername, rejectUnauthorized } = await credentials(config);
  return createApiServer({
    url: cluster.server,
    tls: {
      ...(ca ? { ca: ca as string } : {}),
      ...(cert ? { cert: cert as string } : {}),
      ...(key ? { key: key as string } : {}),
      ...(servername ? { servername } : {}),
      ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    },
    token: async () => bearer((await credentials(config)).headers),
  });
}

/** What the library finds for the current context; it keeps the tokens that plugins gave until they end. */
async function credentials(config: KubeConfig): Promise<HttpsOptions> {
  const options: HttpsOptions = { headers: {} };
  await config.applyToHTTPSOptions(options);
  return options;
}

function bearer(headers: HttpsOptions['headers']): string | undefined {
  const entries = Object.entries((headers ?? {}) as Readonly<Record<string, unknown>>);
  const [, value] = entries.find(([name]) => name.toLowerCase() === 'authorization') ?? [];
  return typeof value === 'string' && value.startsWith('Bearer ') ? value.slice('Bearer '.length) : undefined;
}
