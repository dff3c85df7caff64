import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { planJob, planOrdinals, planReplicas } from './plan-pods.ts';
import type { PodView } from './pod-view.ts';

interface Given {
  readonly name?: string;
  readonly hash?: string;
  readonly ready?: boolean;
  readonly gone?: boolean;
  readonly phase?: string;
  readonly at?: number;
}

function pod({ name = 'p', hash = 'new', ready = true, gone = false, phase = 'Running', at = 0 }: Given): PodView {
  const some: Partial<PodView> = { name, hash, isReady: ready, isTerminating: gone, phase, createdAtMs: at };
  return some as PodView;
}

const GOAL = { replicas: 2, hash: 'new' };

test('pods are made and removed until there are as many as wanted', () => {
  assert.deepEqual(planReplicas(GOAL, []), { create: 2, remove: [] });
  assert.deepEqual(planReplicas(GOAL, [pod({}), pod({ gone: true })]), { create: 1, remove: [] });
  const young = pod({ name: 'young', at: 9 });
  assert.deepEqual(planReplicas(GOAL, [pod({ at: 1 }), young, pod({ at: 2 })]), { create: 0, remove: [young] });
  const unready = pod({ name: 'unready', ready: false });
  assert.deepEqual(planReplicas(GOAL, [pod({}), unready, pod({ at: 2 })]), { create: 0, remove: [unready] });
});

test('a new template: one more pod first, and an old one goes only when the new one is ready', () => {
  const [a, b] = [pod({ hash: 'old', at: 1 }), pod({ hash: 'old', at: 2 })];
  assert.deepEqual(planReplicas(GOAL, [a, b]), { create: 1, remove: [] });
  assert.deepEqual(planReplicas(GOAL, [a, b, pod({ ready: false })]), { create: 0, remove: [] });
  assert.deepEqual(planReplicas(GOAL, [a, b, pod({})]), { create: 1, remove: [b] });
});

test('old pods that never became ready are not waited for', () => {
  const broken = pod({ hash: 'old', ready: false });
  assert.deepEqual(planReplicas({ replicas: 1, hash: 'new' }, [broken]), { create: 1, remove: [broken] });
});

test('a rolling update never has fewer ready pods than wanted, and comes to its end', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 6 }), (replicas, before) => {
      let pods = Array.from({ length: before }, (_, at) => pod({ hash: 'old', at }));
      const floor = Math.min(replicas, before);
      for (let step = 0; step < 50; step++) {
        const { create, remove } = planReplicas({ replicas, hash: 'new' }, pods);
        if (create === 0 && remove.length === 0) break;
        pods = pods.filter((one) => !remove.includes(one));
        assert.ok(pods.filter(({ isReady }) => isReady).length >= floor);
        assert.ok(pods.length + create <= Math.max(before, replicas) + 1);
        // The new pods are ready by the next look.
        pods = [...pods, ...Array.from({ length: create }, () => pod({ at: 100 + step }))];
      }
      assert.deepEqual(
        pods.map(({ hash }) => hash),
        Array(replicas).fill('new'),
      );
    }),
  );
});

test('a stateful set fills and empties in order', () => {
  const goal = { name: 'db', replicas: 3, hash: 'new', isParallel: false };
  const [p0, p1, p2] = [0, 1, 2].map((n) => pod({ name: `db-${n}` }));
  assert.ok(p0 && p1 && p2);
  assert.deepEqual(planOrdinals(goal, []), { create: [0], remove: [] });
  assert.deepEqual(planOrdinals(goal, [pod({ name: 'db-0', ready: false })]), { create: [], remove: [] });
  assert.deepEqual(planOrdinals(goal, [p0]), { create: [1], remove: [] });
  assert.deepEqual(planOrdinals({ ...goal, replicas: 1 }, [p0, p1, p2]), { create: [], remove: [p2] });
  assert.deepEqual(planOrdinals({ ...goal, hash: 'newer' }, [p0, p1, p2]), { create: [], remove: [p2] });
  assert.deepEqual(planOrdinals({ ...goal, isParallel: true }, []), { create: [0, 1, 2], remove: [] });
});

test('a job makes pods until enough have succeeded or too many failed', () => {
  const goal = { completions: 2, parallelism: 1, backoffLimit: 1 };
  assert.equal(planJob(goal, []).create, 1);
  assert.equal(planJob(goal, [pod({ phase: 'Succeeded' })]).create, 1);
  assert.equal(planJob(goal, [pod({ phase: 'Succeeded' }), pod({})]).create, 0);
  assert.equal(planJob(goal, [pod({ phase: 'Failed' })]).create, 1);
  assert.equal(planJob(goal, [pod({ phase: 'Failed' }), pod({ phase: 'Failed' })]).create, 0);
});
