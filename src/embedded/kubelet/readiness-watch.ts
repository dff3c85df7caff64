import { setTimeout as sleep } from 'node:timers/promises';
import { isReadyNow, type ReadinessCheck } from './readiness.ts';

/** Until the first yes: close together at first, then every half second. */
const FIRST_POLL_MS = 20;
const MAX_POLL_MS = 500;

/** Asks an application again and again whether it is ready, and tells when the answer changes. */
export class ReadinessWatch {
  readonly #check: ReadinessCheck;
  readonly #changed: (isReady: boolean) => void;
  readonly #end = new AbortController();

  constructor(check: ReadinessCheck, changed: (isReady: boolean) => void) {
    this.#check = check;
    this.#changed = changed;
    void this.#run();
  }

  stop(): void {
    this.#end.abort();
  }

  async #run(): Promise<void> {
    const { periodMs } = this.#check;
    while (await this.#untilReady()) {
      this.#changed(true);
      if (periodMs === 0 || !(await this.#untilNotReady())) return;
      this.#changed(false);
    }
  }

  /** @returns false where it was stopped. */
  async #untilReady(): Promise<boolean> {
    for (let pauseMs = FIRST_POLL_MS; ; pauseMs = Math.min(pauseMs * 1.5, MAX_POLL_MS)) {
      const isReady = await isReadyNow(this.#check);
      if (this.#end.signal.aborted) return false;
      if (isReady) return true;
      if (!(await this.#pause(pauseMs))) return false;
    }
  }

  async #untilNotReady(): Promise<boolean> {
    let failures = 0;
    while (failures < this.#check.failureThreshold) {
      if (!(await this.#pause(this.#check.periodMs))) return false;
      failures = (await isReadyNow(this.#check)) ? 0 : failures + 1;
      if (this.#end.signal.aborted) return false;
    }
    return true;
  }

  async #pause(ms: number): Promise<boolean> {
    return await sleep(ms, true, { signal: this.#end.signal, ref: false }).catch(() => false);
  }
}
