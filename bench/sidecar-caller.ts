import { setTimeout as sleep } from 'node:timers/promises';
import { callOf, HttpConnection } from './load/connection.ts';
import type { HttpAnswer } from './load/response.ts';

/** Calls through a sidecar as its application would, on one connection that is kept alive. */
export class SidecarCaller {
  readonly #proxy: string;
  #connection: HttpConnection | undefined;

  /** @param proxy `http_proxy` of the pod. */
  constructor(proxy: string) {
    this.#proxy = proxy;
  }

  /** @returns undefined where nobody listens, or the connection broke. */
  async get(url: string): Promise<HttpAnswer | undefined> {
    const call = callOf(url, this.#proxy);
    try {
      this.#connection ??= await HttpConnection.open(call.authority);
      return await this.#connection.send(call.request);
    } catch {
      this.close();
      return undefined;
    }
  }

  /** Calls until the answer is 200. @throws Error with the last answer when that takes too long. */
  async until200(url: string, timeoutMs: number): Promise<HttpAnswer> {
    const endMs = performance.now() + timeoutMs;
    let last: HttpAnswer | undefined;
    while (performance.now() < endMs) {
      last = await this.get(url);
      if (last?.status === 200) return last;
      await sleep(10);
    }
    const seen = last ? `${last.status} ${last.body.toString('utf8', 0, 200)}` : 'no answer';
    throw new Error(`${url} does not answer with 200 after ${timeoutMs} ms: ${seen}`);
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }
}
