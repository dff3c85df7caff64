export type GraphErrorCode =
  | 'graph/cycle'
  | 'graph/too-deep'
  | 'graph/write-in-query'
  | 'graph/duplicate-name'
  | 'graph/foreign-query'
  | 'graph/endless-flush';

/** A misuse of the graph by the program that uses it; never caused by the data in its tables. */
export class GraphError extends Error {
  readonly code: GraphErrorCode;

  constructor(code: GraphErrorCode, message: string) {
    super(message);
    this.name = 'GraphError';
    this.code = code;
  }
}

/**
 * A value that needs itself. Every member of the cycle fails with this error, whichever of them was asked for first,
 * and even if its computation catches it; a value outside that reads one may catch it. (Where two cycles share a value
 * and their computations catch errors, which of the two is found can depend on who was asked first.)
 */
export class CycleError extends GraphError {
  /** The members in reading order, `query(key)` each; the first is not repeated at the end. */
  readonly path: readonly string[];

  constructor(members: readonly string[]) {
    const path = rotated(members);
    super(
      'graph/cycle',
      `A value depends on itself: ${[...path, path[0]].join(' -> ')}. ` +
        'It has no value until what one of them reads no longer leads back to it.',
    );
    this.name = 'CycleError';
    this.path = path;
  }
}

/** Starts the cycle at its smallest member, so that the message does not depend on who was asked first. */
function rotated(members: readonly string[]): readonly string[] {
  let start = 0;
  for (let i = 1; i < members.length; i++) {
    if ((members[i] ?? '') < (members[start] ?? '')) start = i;
  }
  return [...members.slice(start), ...members.slice(0, start)];
}
