import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReflectorState } from '../../kubernetes-api/index.ts';
import { type SourceState, sourceState } from './source-state.ts';

const BEFORE: SourceState = { kind: 'synced', sinceMs: 5, problems: [] };

function state(
  kinds: Readonly<Record<string, ReflectorState>>,
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
