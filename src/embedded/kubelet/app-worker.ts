import { type Diagnostic, diagnose } from '../../diagnostics/index.ts';
import type { ProcessGroup, ProcessSpec, SupervisedProcess } from '../process/index.ts';
import type { ContainerState } from './container-state.ts';
import type { ReadinessCheck } from './readiness.ts';
import { ReadinessWatch } from './readiness-watch.ts';

/** What runs for one container. */
export interface AppSpec {
  readonly name: string;
  /** Not given: nothing runs, and the container is ready as soon as it is started. */
  readonly process?: ProcessSpec;
  /** Not given: ready as long as it runs. */
  readonly check?: ReadinessCheck;
  /** Jobs: a container without a process has done its work as soon as it is started. */
  readonly endsAtOnce: boolean;
}

/** Runs one container of a pod and follows whether it is ready. */
export class AppWorker {
  readonly spec: AppSpec;
  readonly #changed: () => void;
  #process: SupervisedProcess | undefined;
  #watch: ReadinessWatch | undefined;
  #runStartedAtMs = 0;
  #isReady = false;
  #isStarted = false;
  #isStopping = false;

  constructor(spec: AppSpec, changed: () => void) {
    this.spec = spec;
    this.#changed = changed;
  }

  start(processes: ProcessGroup): void {
    this.#isStarted = true;
    if (this.spec.process) {
      this.#process = processes.start(this.spec.process);
      this.#process.onChange(() => this.#follow());
      this.#follow();
    } else {
      this.#isReady = true;
      this.#changed();
    }
  }

  get state(): ContainerState {
    const { name, endsAtOnce } = this.spec;
    if (!this.#isStarted)
      return { name, phase: 'waiting', isReady: false, restarts: 0, reason: 'it waits for its start', startedAtMs: 0 };
    const status = this.#process?.status();
    if (!status) {
      const phase = endsAtOnce ? 'succeeded' : 'running';
      return { name, phase, isReady: !endsAtOnce, restarts: 0, reason: '', startedAtMs: 0 };
    }
    const { restarts, startedAtMs, lastEnd } = status;
    const common = { name, restarts, startedAtMs };
    switch (status.phase) {
      case 'running':
        return { ...common, phase: 'running', isReady: this.#isReady, reason: this.#isReady ? '' : this.#waitingFor() };
      case 'waiting': {
        const delayMs = Math.max((status.nextTryAtMs ?? 0) - (lastEnd?.atMs ?? 0), 0);
        const reason = `it ended (${lastEnd?.reason ?? 'unknown'}) and is started again in ${Math.round(delayMs / 100) / 10} s`;
        return { ...common, phase: 'crashed', isReady: false, reason };
      }
      case 'ended':
        return lastEnd?.exitCode === 0
          ? { ...common, phase: 'succeeded', isReady: false, reason: '' }
          : { ...common, phase: 'failed', isReady: false, reason: `it ended (${lastEnd?.reason ?? 'unknown'})` };
      default:
        return { ...common, phase: 'running', isReady: false, reason: 'it is being stopped' };
    }
  }

  /** What to tell a person, as long as it is so. */
  get diagnostic(): Diagnostic | undefined {
    const status = this.#process?.status();
    if (status?.phase !== 'waiting' || !this.spec.process) return undefined;
    return diagnose('PEL5009', {
      workload: this.spec.process.name,
      reason: status.lastEnd?.reason ?? 'unknown',
      delayMs: Math.max((status.nextTryAtMs ?? 0) - (status.lastEnd?.atMs ?? 0), 0),
      log: this.#process?.logTail(3) || '(empty)',
    });
  }

  /** SIGTERM, SIGKILL after the grace; resolves when nothing of it runs. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    this.#watch?.stop();
    await this.#process?.stop(graceMs);
  }

  #waitingFor(): string {
    const { check } = this.spec;
    if (!check) return 'it is starting';
    const { address, port } = check.target;
    return check.kind === 'http'
      ? `GET http://${address}:${port}${check.path} gives no success`
      : `nobody listens on ${address}:${port}`;
  }

  #follow(): void {
    const status = this.#process?.status();
    if (!status || this.#isStopping) return;
    const isNewRun = status.phase === 'running' && status.startedAtMs !== this.#runStartedAtMs;
    if (status.phase !== 'running' || isNewRun) {
      this.#watch?.stop();
      this.#watch = undefined;
      this.#isReady = false;
    }
    if (isNewRun) {
      this.#runStartedAtMs = status.startedAtMs;
      const { check } = this.spec;
      this.#isReady = check === undefined;
      if (check) this.#watch = new ReadinessWatch(check, (isReady) => this.#answered(isReady));
    }
    this.#changed();
  }

  #answered(isReady: boolean): void {
    this.#isReady = isReady;
    this.#changed();
  }
}
