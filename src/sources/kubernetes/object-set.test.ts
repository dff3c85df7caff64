import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KubernetesObject } from '../../kubernetes-api/index.ts';
import { type ClusterId, formatObjectRef } from '../../model/index.ts';
import { ObjectSet } from './object-set.ts';
import { PendingChanges } from './pending-changes.ts';
import { type WatchedKind, watchedKinds } from './watched-kinds.ts';

const SERVICE = watchedKinds({ kinds: 'registry', secrets: false }).find(
  ({ kind }) => kind === 'Service',
) as WatchedKind;

function service(
  name: string,
  of: { readonly version: number; readonly color?: string; readonly note?: string },
): KubernetesObject {
  const { version, color = 'red', note = '' } = of;
  return {
    metadata: {
      name,
      namespace: 'default',
      resourceVersion: String(version),
      labels: { color },
      managedFields: [note],
    },
    spec: { ports: [{ port: 80 }] },
    status: { conditions: [note] },
  };
}

/** A set whose changes are applied as they are told. */
function stand(maxObjects?: number): {
  readonly objects: ObjectSet;
  readonly told: () => readonly string[];
  readonly count: () => number;
} {
  const mirror = new Map<string, string>();
  let count = 0;
  const changes = new PendingChanges({
    apply: ({ set, deleted }) => {
      count += set.length + deleted.length;
      for (const ref of deleted) mirror.delete(formatObjectRef(ref));
      for (const { ref, meta } of set) mirror.set(formatObjectRef(ref), `${ref.name}=${meta.labels['color']}`);
    },
  });
  const cluster = 'c' as ClusterId;
  const objects = new ObjectSet(SERVICE, { cluster, changes, ...(maxObjects === undefined ? {} : { maxObjects }) });
  return {
    objects,
    told: () => {
      changes.open();
      return [...mirror.values()].sort();
    },
    count: () => count,
  };
}

const state = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.constantFrom('red', 'blue'));

test('law: after a listing that is the world, the world is told, whatever was known and listed in part before', () => {
  fc.assert(
    fc.property(state, state, state, (before, part, world) => {
      const { objects, told } = stand();
      let version = 0;
      for (const [name, color] of Object.entries(before))
        objects.set(service(name, { version: ++version, color }), 'v1');
      // This listing breaks off.
      const broken = objects.listing();
      for (const [name, color] of Object.entries(part)) broken.set(service(name, { version: ++version, color }), 'v1');
      const listing = objects.listing();
      for (const [name, color] of Object.entries(world))
        listing.set(service(name, { version: ++version, color }), 'v1');
      listing.end();
      assert.deepEqual(
        told(),
        Object.entries(world)
          .map(([name, color]) => `${name}=${color}`)
          .sort(),
      );
    }),
  );
});

test('a version that differs only in what is not read is no change', () => {
  const { objects, told, count } = stand();
  objects.set(service('a', { version: 1 }), 'v1');
  told();
  objects.set(service('a', { version: 2, note: 'status written' }), 'v1');
  assert.equal(count(), 1);
});

test('beyond the limit nothing is taken, and what is known goes on changing', () => {
  const { objects, told } = stand(2);
  for (const name of ['a', 'b', 'c']) objects.set(service(name, { version: 1 }), 'v1');
  assert.match(objects.problem ?? '', /over 2 /);
  objects.set(service('a', { version: 2, color: 'blue' }), 'v1');
  assert.deepEqual(told(), ['a=blue', 'b=red']);
});
