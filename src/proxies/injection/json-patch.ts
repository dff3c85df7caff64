import { isRecord } from './pod.ts';

/** One operation of a JSON Patch (RFC 6902). */
export type PatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/**
 * The operations that make `after` of `before`. Maps are compared field by field; a list that changed is replaced as a
 * whole, so that a patch never depends on positions.
 */
export function jsonPatch(before: unknown, after: unknown, path = ''): readonly PatchOperation[] {
  if (isRecord(before) && isRecord(after)) {
    const removed = Object.keys(before)
      .filter((key) => after[key] === undefined && before[key] !== undefined)
      .map((key): PatchOperation => ({ op: 'remove', path: `${path}/${escapeKey(key)}` }));
    const kept = Object.entries(after).flatMap(([key, value]): readonly PatchOperation[] => {
      if (value === undefined) return [];
      const inner = `${path}/${escapeKey(key)}`;
      return before[key] === undefined ? [{ op: 'add', path: inner, value }] : jsonPatch(before[key], value, inner);
    });
    return [...removed, ...kept];
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ op: 'replace', path, value: after }];
}

/** RFC 6901: a `~` or `/` in a key. */
function escapeKey(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
