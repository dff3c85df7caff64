import type {
  ApiError,
  ApplyRequest,
  ApplyResult,
  DeleteRequest,
  FleetStatus,
  ObjectList,
  PodAccess,
  ProxyStatus,
} from '../embedded/fleet-api.ts';
import { adminRequest } from '../proxies/index.ts';
import { CliError } from './cli-error.ts';

/** Answers beyond this are refused: a fleet of one machine is far below. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

/** Speaks to a running fleet over its control socket; see fleet-api.ts for what it answers. */
export class FleetClient {
  readonly socketPath: string;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  status(timeoutMs: number = TIMEOUT_MS): Promise<FleetStatus> {
    return this.#ask('GET', '/v1/fleet', { timeoutMs });
  }

  proxies(): Promise<readonly ProxyStatus[]> {
    return this.#ask('GET', '/v1/proxies');
  }

  /** @param namespace all of them unless given. */
  objects(cluster: string, kind: string, namespace?: string): Promise<ObjectList> {
    const query = namespace === undefined ? '' : `?namespace=${encodeURIComponent(namespace)}`;
    return this.#ask('GET', `${clusterPath(cluster)}/objects/${encodeURIComponent(kind)}${query}`);
  }

  apply(cluster: string, body: ApplyRequest): Promise<ApplyResult> {
    return this.#ask('POST', `${clusterPath(cluster)}/apply`, { body });
  }

  delete(cluster: string, body: DeleteRequest): Promise<ApplyResult> {
    return this.#ask('POST', `${clusterPath(cluster)}/delete`, { body });
  }

  pod(cluster: string, namespace: string, name: string): Promise<PodAccess> {
    const path = `namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
    return this.#ask('GET', `${clusterPath(cluster)}/${path}`);
  }

  /** Asks the fleet to stop; it is still stopping when this returns. */
  async down(): Promise<void> {
    await this.#ask('POST', '/v1/down');
  }

  async #ask<T>(
    method: 'GET' | 'POST',
    path: string,
    more: { readonly body?: unknown; readonly timeoutMs?: number } = {},
  ): Promise<T> {
    const name = 'its control socket';
    const limits = { maxBytes: MAX_ANSWER_BYTES, timeoutMs: more.timeoutMs ?? TIMEOUT_MS };
    const ask = { name, method, path, body: more.body, ...limits };
    const { status, body } = await adminRequest(this.socketPath, ask).catch((error: unknown) => {
      throw unreachable(error);
    });
    const value = parseJson(body);
    if (status >= 200 && status < 300) return value as T;
    throw refusal(status, value);
  }
}

function clusterPath(cluster: string): string {
  return `/v1/clusters/${encodeURIComponent(cluster)}`;
}

function parseJson(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusal(status: number, value: unknown): CliError {
  const error = (value as Partial<ApiError> | undefined)?.error;
  if (error) return new CliError({ code: error.code, what: error.message, why: '', remedy: error.remedy });
  return new CliError({
    code: `http-${status}`,
    what: `the fleet answered with status ${status}`,
    why: 'This command and the running fleet may be of different versions.',
    remedy: 'Restart the fleet: `pelagos down`, then `pelagos up`.',
  });
}

function unreachable(error: unknown): CliError {
  return new CliError({
    code: 'unreachable',
    what: `the fleet does not answer (${error instanceof Error ? error.message : String(error)})`,
    why: 'Every command asks the running fleet over its control socket.',
    remedy:
      'See whether it runs with `pelagos status`; end what is left of it with `pelagos down`, and start it again.',
  });
}
