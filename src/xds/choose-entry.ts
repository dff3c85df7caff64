import type { Resource } from '../model/index.ts';
import { ABSENT, type Entry, UNKNOWN } from './batch.ts';
import type { XdsType } from './xds-type.ts';

/** What is known of one name on one stream. */
export interface NameState {
  readonly type: XdsType;
  /** What the proxy holds: a version, {@link ABSENT}, {@link UNKNOWN}, or undefined for nothing. */
  readonly held: string | undefined;
  /** What the mesh says now. */
  readonly current: Resource | undefined;
  /** The proxy refuses what the mesh says now. */
  readonly refused: boolean;
  /** Where it is refused: what others run on. */
  readonly fallback: Resource | undefined;
  /** The proxy named it itself and is to be answered. */
  readonly asked: boolean;
}

/** Does the proxy hold some version of it, for certain? */
export function isHeld(held: string | undefined): boolean {
  return held !== undefined && held !== ABSENT && held !== UNKNOWN;
}

/** What has to be said of a name, if anything. A proxy that refuses the new version goes on with the one that it has. */
export function chooseEntry(state: NameState): Entry | undefined {
  const { type, held, current, refused, asked } = state;
  const mayHold = isHeld(held) || held === UNKNOWN;
  if (refused && isHeld(held)) return undefined;
  const resource = refused ? state.fallback : current;
  if (resource) {
    if (resource.version === held) return undefined;
    return { kind: 'update', resource, held: mayHold, fallback: refused };
  }
  if (refused && mayHold) return undefined;
  const waitsForAnswer = asked && type.missing === 'empty-resource' && !isHeld(held) && held !== ABSENT;
  if (mayHold && !waitsForAnswer) return { kind: 'remove' };
  if (held === ABSENT || type.missing === 'silence' || !asked) return undefined;
  return { kind: 'none' };
}
