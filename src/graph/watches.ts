import type { Engine } from './engine.ts';
import { GraphError } from './graph-error.ts';
import { appendTo, excluding, including } from './one-or-many.ts';
import { NOTHING, type QueryNode } from './source.ts';

/** Watchers that write on every change would keep one flush going for ever; this many rounds are let through. */
const MAX_ROUNDS = 100;

/** Where an error came up: in the computation of a watched value, or in the callback that was told of it. */
export interface ErrorSite {
  readonly query: string;
  readonly key: string;
  readonly during: 'compute' | 'onChange';
}

export type OnError = (error: unknown, where: ErrorSite) => void;

export interface Watcher {
  readonly node: QueryNode;
  readonly onChange: (value: unknown) => void;
  /** Watchers are told in order of registration. */
  readonly order: number;
  /** What it was told last, at first what it could read on registration; NOTHING where that failed. */
  value: unknown;
  isStopped: boolean;
}

/** What one round of a flush has to tell. */
interface Round {
  readonly failed: QueryNode[];
  /** In order of registration. */
  readonly concerned: Watcher[];
}

/** The side of writes and watchers: batches, flushes, and who is told what. */
export class Watches {
  watchers = 0;
  flushes = 0;
  notifications = 0;
  readonly #engine: Engine;
  readonly #onError: OnError | undefined;
  #registrations = 0;
  #depth = 0;
  #isFlushing = false;
  #isWritten = false;
  #isSweepDue = false;
  /** Errors that nobody has asked to be told of: thrown to the writer when the flush is over. */
  #unhandled: unknown[] = [];

  constructor(engine: Engine, onError: OnError | undefined) {
    this.#engine = engine;
    this.#onError = onError;
  }

  batch<T>(change: () => T): T {
    this.#engine.refuseInQuery('start a batch');
    this.#depth++;
    try {
      return change();
    } finally {
      this.#depth--;
      this.#flushIfDue();
    }
  }

  /** Every table write ends with this. */
  written(): void {
    this.#isWritten = true;
    this.#flushIfDue();
  }

  watch(node: QueryNode, onChange: (value: unknown) => void): () => void {
    this.#engine.refuseInQuery('watch a value');
    const watcher: Watcher = { node, onChange, order: this.#registrations++, value: NOTHING, isStopped: false };
    node.watchers = including(node.watchers, watcher);
    this.watchers++;
    try {
      this.#engine.refresh(node);
      if (node.failure !== undefined && this.#onError === undefined) throw node.failure.error;
    } catch (error) {
      this.#stop(watcher);
      throw error;
    }
    watcher.value = node.value;
    this.#reportFailure(node);
    return () => this.#stop(watcher);
  }

  #stop(watcher: Watcher): void {
    if (watcher.isStopped) return;
    watcher.isStopped = true;
    this.watchers--;
    const { node } = watcher;
    node.watchers = excluding(node.watchers, watcher);
    if (node.watchers !== undefined) return;
    const { retention, isComputing } = this.#engine;
    // In a batch or a flush the same value may be watched again at once: its end sweeps.
    if (this.#depth === 0 && !this.#isFlushing && !isComputing) retention.release(node);
    else {
      retention.loosen(node);
      this.#isSweepDue = true;
    }
  }

  #flushIfDue(): void {
    if (this.#depth > 0 || this.#isFlushing) return;
    if (this.#isWritten) this.#flush();
    else if (this.#isSweepDue) this.#sweep();
  }

  #sweep(): void {
    this.#isSweepDue = false;
    this.#engine.retention.sweep();
  }

  #flush(): void {
    this.#isFlushing = true;
    try {
      for (let rounds = 1; this.#isWritten; rounds++) {
        if (rounds > MAX_ROUNDS) throw endlessFlush(this.#engine.marked);
        this.#isWritten = false;
        this.flushes++;
        const { failed, concerned } = this.#revalidate();
        for (const node of failed) this.#reportFailure(node);
        for (const watcher of concerned) this.#notify(watcher);
      }
    } finally {
      this.#isFlushing = false;
      this.#isWritten = false;
      this.#sweep();
    }
    const unhandled = this.#unhandled;
    if (unhandled.length === 0) return;
    this.#unhandled = [];
    throw unhandled.length === 1 ? unhandled[0] : new AggregateError(unhandled, 'Several watched values failed');
  }

  /** Brings all watched values up to date before anyone is told, so that nobody sees half a change. */
  #revalidate(): Round {
    const engine = this.#engine;
    engine.settle();
    const round: Round = { failed: [], concerned: [] };
    const unfinished: QueryNode[] = [];
    for (const node of engine.marked) {
      engine.marked.delete(node);
      if (node.watchers === undefined) continue;
      try {
        engine.refresh(node);
        if (node.failure !== undefined) round.failed.push(node);
        else takeUp(node, round.concerned);
      } catch (error) {
        // Not the computation (its errors stay in the node) but what is around it, such as the end of the stack.
        this.#unhandled.push(error);
        unfinished.push(node);
      }
    }
    for (const node of unfinished) engine.marked.add(node);
    round.concerned.sort((a, b) => a.order - b.order);
    return round;
  }

  #notify(watcher: Watcher): void {
    if (watcher.isStopped) return;
    this.notifications++;
    try {
      watcher.onChange(watcher.value);
    } catch (error) {
      this.#report(error, watcher.node, 'onChange');
    }
  }

  #reportFailure(node: QueryNode): void {
    if (node.failure === undefined || node.failure.isReported) return;
    node.failure.isReported = true;
    this.#report(node.failure.error, node, 'compute');
  }

  #report(error: unknown, node: QueryNode, during: ErrorSite['during']): void {
    if (this.#onError === undefined) {
      this.#unhandled.push(error);
      return;
    }
    try {
      this.#onError(error, { query: node.family.name, key: node.key, during });
    } catch (unexpected) {
      this.#unhandled.push(unexpected);
    }
  }
}

/** Gives the node's watchers its value, and appends those to whom it is new. */
function takeUp(node: QueryNode, concerned: Watcher[]): void {
  const watchers: Watcher[] = [];
  appendTo(watchers, node.watchers);
  let last: unknown = NOTHING;
  let isLastEqual = false;
  for (const watcher of watchers) {
    if (Object.is(watcher.value, node.value)) continue;
    // Thousands of watchers of one node were told the same object: it is compared once.
    if (watcher.value === NOTHING) isLastEqual = false;
    else if (watcher.value !== last) isLastEqual = node.family.equal(watcher.value, node.value);
    last = watcher.value;
    if (isLastEqual) continue;
    watcher.value = node.value;
    concerned.push(watcher);
  }
}

function endlessFlush(marked: ReadonlySet<QueryNode>): GraphError {
  const names = [...marked].slice(0, 5).map(String).join(', ');
  return new GraphError(
    'graph/endless-flush',
    `Watchers wrote to tables in ${MAX_ROUNDS} flushes in a row, ` +
      `last changing ${names || 'nothing that is watched'}. ` +
      'The flush was given up and goes on with the next write. A watcher must not write what its own value is made of.',
  );
}
