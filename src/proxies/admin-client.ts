import { type AdminAnswer, type AdminDial, type AdminLimits, adminRequest } from './admin-request.ts';

/** What Envoy says of itself at `/ready`; `unreachable` where nobody answers. */
export type Readiness = 'LIVE' | 'DRAINING' | 'PRE_INITIALIZING' | 'INITIALIZING' | 'unreachable';

/** Speaks to an Envoy's admin interface, over its unix socket or a tunnel. Methods reject where nobody answers in time. */
export class AdminClient {
  readonly #dial: AdminDial;

  constructor(dial: AdminDial) {
    this.#dial = dial;
  }

  /** @param path with its query: `/stats?filter=…`. */
  get(path: string, limits: AdminLimits = {}): Promise<AdminAnswer> {
    return this.#ask('GET', path, limits);
  }

  post(path: string, limits: AdminLimits = {}): Promise<AdminAnswer> {
    return this.#ask('POST', path, limits);
  }

  /** Never rejects. */
  async readiness(timeoutMs = 2_000): Promise<Readiness> {
    try {
      const { status, body } = await this.get('/ready', { timeoutMs, maxBytes: 1_024 });
      if (status === 200) return 'LIVE';
      const state = body.trim();
      return state === 'DRAINING' || state === 'PRE_INITIALIZING' ? state : 'INITIALIZING';
    } catch {
      return 'unreachable';
    }
  }

  /** `/config_dump` as JSON. @param query such as `include_eds`, `resource=dynamic_listeners`. */
  configDump(query = 'include_eds'): Promise<unknown> {
    return this.#json(`/config_dump?${query}`);
  }

  /** `/clusters?format=json`: endpoints with their health. */
  clusters(): Promise<unknown> {
    return this.#json('/clusters?format=json');
  }

  /** Counters and gauges by name. @param filter a regular expression on the name. */
  async stats(filter: string): Promise<ReadonlyMap<string, number>> {
    const { body } = await this.get(`/stats?filter=${encodeURIComponent(filter)}`);
    const numbers = new Map<string, number>();
    for (const line of body.split('\n')) {
      const at = line.lastIndexOf(': ');
      const value = Number(line.slice(at + 2));
      if (at > 0 && Number.isFinite(value)) numbers.set(line.slice(0, at), value);
    }
    return numbers;
  }

  /** Sets the level of all loggers. @throws Error where Envoy knows no such level. */
  async setLogLevel(level: string): Promise<void> {
    const { status, body } = await this.post(`/logging?level=${encodeURIComponent(level)}`);
    if (status !== 200) throw new Error(`Envoy does not take the log level "${level}": ${body.trim()}`);
  }

  async #json(path: string): Promise<unknown> {
    const { status, body } = await this.get(path);
    if (status !== 200) throw new Error(`Envoy's admin interface answered ${status} to ${path}: ${body.slice(0, 200)}`);
    return JSON.parse(body);
  }

  #ask(method: 'GET' | 'POST', path: string, limits: AdminLimits): Promise<AdminAnswer> {
    return adminRequest(this.#dial, { name: "Envoy's admin interface", method, path, ...limits });
  }
}
