import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '../../diagnostics/index.ts';
import { type IstioStatus, nextStatus, verdictOf } from './object-status.ts';

const NOW = Date.UTC(2030, 0, 15, 12);
const LATER = NOW + 60_000;
const typo = diagnose('PEL2002', { field: 'spec.host', suggestion: '' });
const nack = diagnose('PEL5006', { proxy: 'default/a', resource: 'b', problem: 'no\nsuch field', origins: 'c' });
const good = nextStatus({}, verdictOf([]), { generation: 1, nowMs: NOW }) as IstioStatus;

const conditionsOf = ({ conditions = [] }: IstioStatus): readonly string[] =>
  conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`);

test('an object with nothing to be said of is accepted and programmed', () => {
  assert.deepEqual(conditionsOf(good), ['Accepted True Accepted', 'Programmed True Programmed']);
  assert.equal(good.observedGeneration, 1);
  assert.equal(good.conditions?.[0]?.lastTransitionTime, '2030-01-15T12:00:00Z');
});

test('one that is refused says why and what to do; one that a proxy refuses, by which', () => {
  const refused = nextStatus(good, verdictOf([typo, nack]), { generation: 2, nowMs: LATER });
  assert.ok(refused);
  assert.deepEqual(conditionsOf(refused), ['Accepted False Invalid', 'Programmed False RefusedByProxy']);
  assert.match(refused.conditions?.[0]?.message ?? '', /^PEL2002 unknown field spec\.host\. \S/);
  assert.match(refused.conditions?.[1]?.message ?? '', /the Envoy of default\/a refused b: no such field/);
  assert.deepEqual(refused.validationMessages, [
    { type: { name: 'unknown field spec.host', code: 'PEL2002' }, level: 'ERROR' },
  ]);
});

test('what is said already is not said again, in whatever order it was kept', () => {
  const kept = { ...good, conditions: [...(good.conditions ?? [])].reverse(), observedGeneration: 1 };
  assert.equal(nextStatus(kept, verdictOf([]), { generation: 1, nowMs: LATER }), undefined);
});

test('a time changes with its condition alone, and conditions of others stay', () => {
  const before = { ...good, conditions: [{ type: 'Theirs', status: 'True' } as const, ...(good.conditions ?? [])] };
  const next = nextStatus(before, verdictOf([nack]), { generation: 2, nowMs: LATER });
  assert.deepEqual(
    next?.conditions?.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]),
    [
      ['Theirs', undefined],
      ['Accepted', '2030-01-15T12:00:00Z'],
      ['Programmed', '2030-01-15T12:01:00Z'],
    ],
  );
});
