import { CycleError, GraphError } from './graph-error.ts';
import { appendTo, including } from './one-or-many.ts';
import { Retention } from './retention.ts';
import {
  type Cell,
  CHECK,
  CHECKING,
  CLEAN,
  DIRTY,
  type Failure,
  NOTHING,
  QueryNode,
  RUNNING,
  type Source,
} from './source.ts';

/**
 * So many computations may wait for each other. It turns a query that asks for ever new keys into an error that says
 * so, and leaves enough of the JavaScript stack (about a megabyte) for the computations themselves.
 */
const MAX_DEPTH = 500;

/** One running computation and the reads it has made so far. */
interface Frame {
  readonly node: QueryNode;
  readonly stamp: number;
  /** So many of the node's former dependencies were read again in the same order. */
  matched: number;
  /** Reads from the first difference on. */
  fresh: Source[] | undefined;
}

/**
 * Tracks what each computation reads and keeps values up to date: writes push marks up the graph, reads pull new
 * values. Between two computations no cell has unsettled writes, so only nodes need to be checked.
 */
export class Engine {
  /** Watched nodes that were marked since the last flush. */
  readonly marked: Set<QueryNode> = new Set();
  readonly retention: Retention = new Retention();
  recomputations = 0;
  #frame: Frame | undefined;
  #stamps = 0;
  #touched: Cell[] = [];
  /** The nodes being checked or computed, outermost first. */
  readonly #stack: QueryNode[] = [];
  /** Members of a cycle that are still on the stack. */
  readonly #doomed: Map<QueryNode, CycleError> = new Map();

  get isComputing(): boolean {
    return this.#frame !== undefined;
  }

  /** Throws where a computation is running: a value that changes what it is made of has no meaning. */
  refuseInQuery(action: string): void {
    if (this.#frame === undefined) return;
    throw new GraphError(
      'graph/write-in-query',
      `The computation of ${this.#frame.node} tried to ${action}. A query only reads; ` +
        'write from outside, for example from a watcher.',
    );
  }

  /** Records a read by the computation that is running, if there is one. */
  track(source: Source): void {
    const frame = this.#frame;
    if (frame === undefined || source.stamp === frame.stamp) return;
    source.stamp = frame.stamp;
    if (frame.fresh === undefined && frame.node.dependencies[frame.matched] === source) frame.matched++;
    else if (frame.fresh === undefined) frame.fresh = [source];
    else frame.fresh.push(source);
  }

  /** Must be called before the write to what the cell stands for. */
  touch(cell: Cell): void {
    if (cell.state !== CLEAN) {
      cell.state = CHECK;
      return;
    }
    cell.before = cell.family.read(cell.key);
    cell.state = DIRTY;
    this.#touched.push(cell);
    this.#mark(cell);
  }

  /** Brings a node up to date; a failed computation is kept in the node and not thrown. */
  refresh(node: QueryNode): void {
    if (this.#frame === undefined) this.settle();
    else if (node.state >= CHECKING) throw this.#cycleAt(node);
    if (node.state === CLEAN) return;
    if (this.#stack.length >= MAX_DEPTH) throw tooDeep(node);
    this.#validate(node);
  }

  /** Decides which of the cells that were written have really changed. */
  settle(): void {
    if (this.#touched.length === 0) return;
    const touched = this.#touched;
    this.#touched = [];
    for (const cell of touched) {
      const isChanged = cell.state === DIRTY || !isSame(cell);
      cell.state = CLEAN;
      cell.before = NOTHING;
      if (isChanged) this.#soil(cell);
    }
  }

  /** Marks everything above as possibly out of date. Own stack: a mark must not fail, however deep the graph. */
  #mark(source: Source): void {
    const open: QueryNode[] = [];
    appendTo(open, source.dependents);
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (node.state !== CLEAN) continue;
      node.state = CHECK;
      if (node.watchers !== undefined) this.marked.add(node);
      appendTo(open, node.dependents);
    }
  }

  /** The source has changed: who read it must run again. One that is running now has read the new value. */
  #soil(source: Source): void {
    const readers: QueryNode[] = [];
    appendTo(readers, source.dependents);
    for (const node of readers) if (node.state === CHECK || node.state === CHECKING) node.state = DIRTY;
  }

  #validate(node: QueryNode): void {
    if (node.state === CHECK && this.#isUnchanged(node)) return;
    this.#recompute(node);
  }

  /** Looks at what the node read, in that order: what follows a changed value might not be read any more. */
  #isUnchanged(node: QueryNode): boolean {
    node.state = CHECKING;
    this.#stack.push(node);
    try {
      for (const source of node.dependencies) {
        if (source.state === CLEAN || !(source instanceof QueryNode)) continue;
        // The computation would read it next, for nothing before it has changed: it meets the cycle itself.
        if (source.state >= CHECKING) return false;
        this.#validate(source);
        if (stateOf(node) === DIRTY) return false;
      }
      node.state = CLEAN;
      return true;
    } finally {
      this.#stack.pop();
      if (stateOf(node) === CHECKING) node.state = DIRTY;
    }
  }

  #recompute(node: QueryNode): void {
    const outer = this.#frame;
    const frame: Frame = { node, stamp: ++this.#stamps, matched: 0, fresh: undefined };
    this.#frame = frame;
    this.#stack.push(node);
    node.state = RUNNING;
    this.recomputations++;
    let isChanged = true;
    let value: unknown = NOTHING;
    let failure: Failure | undefined;
    try {
      value = node.family.compute(node.key);
      isChanged = node.value === NOTHING || !node.family.equal(node.value, value);
    } catch (error) {
      failure = { error, isInCycle: false, isReported: false };
    }
    this.#stack.pop();
    this.#frame = outer;
    const cycle = this.#doomed.get(node);
    if (cycle !== undefined) {
      this.#doomed.delete(node);
      failure = { error: cycle, isInCycle: true, isReported: false };
    }
    this.#link(frame);
    node.state = CLEAN;
    if (failure === undefined) isChanged = this.#succeed(node, value, isChanged);
    else isChanged = this.#fail(node, failure);
    if (isChanged) this.#soil(node);
  }

  /** Returns whether readers see something else than before: an equal value leaves the former object in place. */
  #succeed(node: QueryNode, value: unknown, isChanged: boolean): boolean {
    if (isChanged) node.value = value;
    if (node.failure?.isInCycle === true) this.retention.noteCycle(node, false);
    node.failure = undefined;
    return isChanged;
  }

  #fail(node: QueryNode, failure: Failure): boolean {
    const before = node.failure;
    if (failure.isInCycle || before?.isInCycle === true) this.retention.noteCycle(node, failure.isInCycle);
    node.value = NOTHING;
    node.failure = failure;
    return before === undefined || !Object.is(before.error, failure.error);
  }

  /** Makes the reads of a finished computation the node's dependencies. */
  #link({ node, matched, fresh }: Frame): void {
    const old = node.dependencies;
    if (fresh === undefined && matched === old.length) return;
    // A nested computation of the same source can hide that it was read already: the set takes duplicates out.
    const next = new Set(matched === old.length ? old : old.slice(0, matched));
    for (const source of fresh ?? []) {
      next.add(source);
      source.dependents = including(source.dependents, node);
    }
    for (let i = matched; i < old.length; i++) {
      const source = old[i];
      if (source === undefined || next.has(source)) continue;
      this.retention.unlink(source, node);
    }
    node.dependencies = [...next];
  }

  /** Everything between the first and the second meeting of the node on the stack is part of the cycle. */
  #cycleAt(node: QueryNode): CycleError {
    const members = this.#stack.slice(this.#stack.lastIndexOf(node));
    const error = new CycleError(members.map(String));
    for (const member of members) this.#doomed.set(member, error);
    return error;
  }
}

/** Read afresh, because a computation in between may have changed it behind the type checker's back. */
function stateOf(source: Source): number {
  return source.state;
}

/** Whether several writes added up to nothing. An equality that throws cannot say so. */
function isSame(cell: Cell): boolean {
  try {
    return cell.family.same(cell.before, cell.family.read(cell.key));
  } catch {
    return false;
  }
}

function tooDeep(node: QueryNode): GraphError {
  return new GraphError(
    'graph/too-deep',
    `More than ${MAX_DEPTH} values wait for ${node}. Probably a query asks for ever new keys of itself.`,
  );
}
