import { request } from 'node:http';
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
    method: string,
    path: string,
    more: { readonly body?: unknown; readonly timeoutMs?: number } = {},
  ): Promise<T> {
    const { status, text } = await this.#send(method, path, more);
    const value = parseJson(text);
    if (status >= 200 && status < 300) return value as T;
    throw refusal(status, value);
  }

  #send(
    method: string,
    path: string,
    { body, timeoutMs = TIMEOUT_MS }: { readonly body?: unknown; readonly timeoutMs?: number },
  ): Promise<{ readonly status: number; readonly text: string }> {
    const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = content ? { 'content-type': 'application/json', 'content-length': content.length } : {};
    return new Promise((resolve, reject) => {
      const call = request({ socketPath: this.socketPath, method, path, headers, agent: false }, (response) => {
        const parts: Buffer[] = [];
        let size = 0;
        response.on('data', (part: Buffer) => {
          size += part.length;
          parts.push(part);
          if (size > MAX_ANSWER_BYTES) call.destroy(new Error(`the answer is over ${MAX_ANSWER_BYTES} bytes`));
        });
        response.on('end', () => {
          clearTimeout(timer);
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') });
        });
        response.on('error', reject);
      });
      const timer = setTimeout(() => call.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      call.on('error', (error) => {
        clearTimeout(timer);
        reject(unreachable(error));
      });
      call.end(content);
    });
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

function unreachable(error: Error): CliError {
  return new CliError({
    code: 'unreachable',
    what: `the fleet does not answer (${error.message})`,
    why: 'Every command asks the running fleet over its control socket.',
    remedy:
      'See whether it runs with `pelagos status`; end what is left of it with `pelagos down`, and start it again.',
  });
}
