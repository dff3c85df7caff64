import type { Resource } from '../model/index.ts';

/** Held instead of a version: the proxy was told that there is none of this name. Never equal to a content hash. */
export const ABSENT = 'absent';

/**
 * Held instead of a version: what was sent crossed a request that takes it back or asks for it again, so the proxy may or
 * may not have kept it. Whatever is so is said again.
 */
export const UNKNOWN = 'unknown';

/** A change's place in the order of the stream's batches. 0: not a change but the answer to a request, never held back. */
export type Tick = number;

export type Entry =
  | {
      readonly kind: 'update';
      readonly resource: Resource;
      /** The proxy holds another version of it. */
      readonly held: boolean;
      /** Not what the mesh says now, but the last version that other proxies took. */
      readonly fallback: boolean;
    }
  /** There is none of this name, and the proxy asked. */
  | { readonly kind: 'none' }
  /** What the proxy holds has gone. */
  | { readonly kind: 'remove' };

/** One response's content, by name. */
export interface Batch {
  readonly entries: Map<string, Entry>;
  /** The earliest change that it carries; Infinity where it carries only answers and removals. */
  readonly tick: Tick;
}

/** Which changes may be sent now, given what the stream's other types have still to send. */
export interface Gates {
  mayUpdate(tick: Tick): boolean;
  mayRemove(tick: Tick): boolean;
}
