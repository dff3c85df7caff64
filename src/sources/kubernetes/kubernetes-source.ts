import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { ApiError, type ApiServer, Reflector, type ReflectorState } from '../../kubernetes-api/index.ts';
import type { ClusterId } from '../../model/index.ts';
import type { ConfigSource, SourceSink } from '../config-source.ts';
import { Discovery } from './discovery.ts';
import { ObjectSet } from './object-set.ts';
import { PendingChanges } from './pending-changes.ts';
import { type SourceState, sourceState } from './source-state.ts';
import { TIMING, type Timing } from './timing.ts';
import { type KindSet, type WatchedKind, watchedKinds } from './watched-kinds.ts';

const MAX_PROBE_BYTES = 65_536;

export interface KubernetesSourceOptions {
  readonly cluster: ClusterId;
  /** Not closed by the source. */
  readonly api: ApiServer;
  readonly kinds: KindSet;
  /** Are Secrets with the keys of gateways read? Where left out: with `all` kinds. */
  readonly secrets?: boolean;
  /** Told of every change of {@link KubernetesSource.state}. */
  readonly onState?: (state: SourceState) => void;
  readonly timing?: Partial<Timing>;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * The objects of a cluster, out of its API server, which may come and go. Never rejects and never gives up: what is wrong
 * is in its state.
 */
export class KubernetesSource implements ConfigSource {
  readonly #options: KubernetesSourceOptions;
  readonly #timing: Timing;
  readonly #kinds: readonly WatchedKind[];
  readonly #states = new Map<string, ReflectorState>();
  #reflectors: readonly Reflector[] = [];
  #changes: PendingChanges | undefined;
  #unreachable: string | undefined;
  #isComplete = false;
  readonly #stop = new AbortController();
  #probing: Promise<void> | undefined;
  #state: SourceState;
  readonly #complete: PromiseWithResolvers<void> = Promise.withResolvers<void>();

  constructor(options: KubernetesSourceOptions) {
    this.#options = options;
    this.#timing = { ...TIMING, ...options.timing };
    this.#kinds = watchedKinds({ kinds: options.kinds, secrets: options.secrets ?? options.kinds === 'all' });
    this.#state = { kind: 'syncing', sinceMs: this.#nowMs(), problems: [] };
  }

  /** How far what was handed on can be relied on. */
  state(): SourceState {
    return this.#state;
  }

  /** Resolves once every kind was read and handed on as one batch, which may be never: nobody should wait for another's cluster. */
  async start(sink: SourceSink): Promise<void> {
    if (this.#isStopped || this.#changes) throw new Error('a source is started once');
    const { api, cluster } = this.#options;
    const changes = new PendingChanges(sink);
    const discovery = new Discovery(api, this.#stop.signal);
    this.#changes = changes;
    for (const { kind } of this.#kinds) this.#states.set(kind, { kind: 'syncing' });
    this.#reflectors = this.#kinds.map(
      (kind) =>
        new Reflector({
          api,
          served: () => discovery.find(kind),
          selectors: { fieldSelector: kind.fieldSelector },
          lists: 'streamed',
          objects: new ObjectSet(kind, { cluster, changes }),
          timing: this.#timing,
          onState: (state) => this.#kindChanged(kind, state),
        }),
    );
    for (const reflector of this.#reflectors) reflector.start();
    this.#probing = this.#probe();
    await this.#complete.promise;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#changes?.close();
    await Promise.all([...this.#reflectors.map((reflector) => reflector.stop()), this.#probing]);
    this.#complete.resolve();
  }

  #kindChanged({ kind }: WatchedKind, state: ReflectorState): void {
    if (this.#isStopped) return;
    this.#states.set(kind, state);
    if (state.kind === 'synced' || state.kind === 'absent') this.#unreachable = undefined;
    if (!this.#isComplete && this.#kinds.every((each) => isSettled(each, this.#states.get(each.kind)))) {
      this.#isComplete = true;
      this.#changes?.open();
      this.#complete.resolve();
    }
    this.#stateChanged();
  }

  #stateChanged(): void {
    const state = sourceState({
      kinds: this.#states,
      isComplete: this.#isComplete,
      unreachable: this.#unreachable,
      before: this.#state,
      nowMs: this.#nowMs(),
    });
    const isNew = !isDeepStrictEqual(state, this.#state);
    this.#state = state;
    if (isNew) this.#options.onState?.(state);
  }

  /** Asks again and again whether the server is there: a watch that hangs would tell only after minutes. */
  async #probe(): Promise<void> {
    while (!this.#isStopped) {
      const unreachable = await this.#ask();
      if (this.#isStopped) return;
      if (this.#unreachable !== undefined && unreachable === undefined) {
        for (const reflector of this.#reflectors) reflector.wake();
      }
      this.#unreachable = unreachable;
      this.#stateChanged();
      await delay(this.#timing.probeMs, undefined, { signal: this.#stop.signal }).catch(() => undefined);
    }
  }

  /** @returns why the server cannot be reached; undefined where it answers, be it with a refusal. */
  async #ask(): Promise<string | undefined> {
    try {
      await this.#options.api.text('/readyz', {
        timeoutMs: this.#timing.probeAnswerMs,
        maxBytes: MAX_PROBE_BYTES,
        signal: this.#stop.signal,
      });
      return undefined;
    } catch (error) {
      if (error instanceof ApiError && error.status > 0 && error.status < 500) return undefined;
      return error instanceof Error ? error.message : String(error);
    }
  }

  get #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  #nowMs(): number {
    return (this.#options.now ?? Date.now)();
  }
}

/** Was the kind read, or is it certain that it cannot be? A kind that restricts traffic has to be read. */
function isSettled({ restricts }: WatchedKind, state: ReflectorState | undefined): boolean {
  return (
    state?.kind === 'synced' ||
    state?.kind === 'absent' ||
    state?.kind === 'stale' ||
    (state?.kind === 'refused' && !restricts)
  );
}
