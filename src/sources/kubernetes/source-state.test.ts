import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backOffMs } from './back-off.ts';
import { type KindState, type SourceState, sourceState } from './source-state.ts';

const BEFORE: SourceState = { kind: 'synced', sinceMs: 5, problems: [] };

function state(
  kinds: Readonly<Record<string, KindState>>,
  more: { unreachable?: string; isComplete?: boolean; before?: SourceState } = {},
): SourceState {
  const { unreachable, isComplete = true, before = BEFORE } = more;
  return sourceState({ kinds: new Map(Object.entries(kinds)), isComplete, unreachable, before, nowMs: 100 });
}

test('one kind that cannot be followed makes the whole stale, since the moment it did', () => {
  const stale = state({ Pod: { kind: 'stale', error: 'gone' }, Service: { kind: 'synced' } });
  assert.deepEqual(stale, { kind: 'stale', sinceMs: 100, error: 'gone', problems: [] });
  const later = state({ Pod: { kind: 'stale', error: 'still gone' } }, { before: { ...stale, sinceMs: 42 } });
  assert.deepEqual(later, { kind: 'stale', sinceMs: 42, error: 'still gone', problems: [] });
});

test('a server that does not answer makes the whole stale even while watches seem open', () => {
  assert.equal(state({ Pod: { kind: 'synced' } }, { unreachable: 'no answer' }).kind, 'stale');
});

test('kinds that are not there, or may not be read, are no reason to doubt the others', () => {
  const now = state({
    Pod: { kind: 'synced' },
    ServiceExport: { kind: 'absent' },
    Node: { kind: 'refused', error: '403' },
  });
  assert.deepEqual(now, { kind: 'synced', sinceMs: 5, problems: [{ kind: 'Node', error: '403' }] });
});

test('before everything was read the whole is syncing, with what stands in the way', () => {
  const now = state({ Pod: { kind: 'syncing', error: 'refused' } }, { isComplete: false });
  assert.deepEqual(now, { kind: 'syncing', sinceMs: 100, error: 'refused', problems: [] });
});

test('law: a wait is never over its bound, never under half of what is due, and never shorter than was asked for', () => {
  const bounds = { minMs: 200, maxMs: 30_000 };
  const chance = fc.double({ min: 0, max: 0.999_999, noNaN: true });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      chance,
      fc.option(fc.nat(60_000), { nil: undefined }),
      (failures, random, atLeastMs) => {
        const ms = backOffMs(bounds, { failures, chance: random, atLeastMs });
        assert.ok(ms >= Math.max(100, atLeastMs ?? 0));
        assert.ok(ms <= Math.max(30_000, atLeastMs ?? 0));
        if (failures > 10 && atLeastMs === undefined) assert.ok(ms >= 15_000);
      },
    ),
  );
});
