import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { HealthStatus } from '../envoy/gen/envoy/config/core/v3/health_check_pb.ts';
import {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
} from '../envoy/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { type BalanceRules, distribute } from './load-balance.ts';
import { priorityLoads } from './priority-load.ts';

const RULES: BalanceRules = { byLocality: false, byWeight: true, panicThreshold: 0, failOnPanic: false };

interface Group {
  readonly zone: string;
  readonly priority?: number;
  readonly weight?: number;
  /** Name to weight; a name that starts with `!` is unhealthy. */
  readonly hosts: Readonly<Record<string, number>>;
}

function assignment(groups: readonly Group[]): ClusterLoadAssignment {
  return create(ClusterLoadAssignmentSchema, {
    endpoints: groups.map(({ zone, priority = 0, weight, hosts }) => ({
      locality: { zone },
      priority,
      ...(weight === undefined ? {} : { loadBalancingWeight: weight }),
      lbEndpoints: Object.entries(hosts).map(([name, loadBalancingWeight]) => ({
        hostIdentifier: { case: 'endpoint' as const, value: { hostname: name } },
        loadBalancingWeight,
        healthStatus: name.startsWith('!') ? HealthStatus.UNHEALTHY : HealthStatus.HEALTHY,
      })),
    })),
  });
}

function shares(groups: readonly Group[], rules: Partial<BalanceRules> = {}): Readonly<Record<string, number>> {
  const found = distribute(assignment(groups), { ...RULES, ...rules });
  return Object.fromEntries(
    found.map(({ endpoint, share }) => [
      endpoint.hostIdentifier.case === 'endpoint' ? endpoint.hostIdentifier.value.hostname : '',
      Number(share.toFixed(4)),
    ]),
  );
}

test('by weight over all localities of a priority', () => {
  assert.deepEqual(
    shares([
      { zone: 'a', hosts: { x: 1, y: 2 } },
      { zone: 'b', hosts: { z: 1 } },
    ]),
    { x: 0.25, y: 0.5, z: 0.25 },
  );
  assert.deepEqual(shares([{ zone: 'a', hosts: { x: 1, y: 3 } }], { byWeight: false }), { x: 0.5, y: 0.5 });
});

test('by locality weights first, where the cluster says so', () => {
  const groups = [
    { zone: 'a', weight: 3, hosts: { x: 1, y: 1 } },
    { zone: 'b', weight: 1, hosts: { z: 1 } },
  ];
  assert.deepEqual(shares(groups, { byLocality: true }), { x: 0.375, y: 0.375, z: 0.25 });
});

test('a locality that loses hosts loses load once overprovisioning cannot make up for it', () => {
  const groups = [
    { zone: 'a', weight: 1, hosts: { x: 1, '!y': 1 } },
    { zone: 'b', weight: 1, hosts: { z: 1 } },
  ];
  // Half the hosts times 1.4 is 0.7 of the locality's weight.
  assert.deepEqual(shares(groups, { byLocality: true }), { x: 0.4118, z: 0.5882 });
});

test('the next priority takes what the first cannot', () => {
  const two = (healthy: number, broken: number): Readonly<Record<string, number>> => ({
    ...Object.fromEntries(Array.from({ length: healthy }, (_, index) => [`h${index}`, 1])),
    ...Object.fromEntries(Array.from({ length: broken }, (_, index) => [`!b${index}`, 1])),
  });
  const spill = (healthy: number, broken: number): number =>
    shares([
      { zone: 'a', hosts: two(healthy, broken) },
      { zone: 'b', priority: 1, hosts: { far: 1 } },
    ])['far'] ?? 0;
  assert.equal(spill(4, 0), 0);
  assert.equal(spill(3, 1), 0);
  assert.equal(spill(2, 2), 0.3);
  assert.equal(spill(0, 4), 1);
});

test('nobody healthy: nobody, unless panic uses everybody', () => {
  const groups = [{ zone: 'a', hosts: { '!x': 1, '!y': 1 } }];
  assert.deepEqual(shares(groups), {});
  assert.deepEqual(shares(groups, { panicThreshold: 50 }), { '!x': 0.5, '!y': 0.5 });
  assert.deepEqual(shares(groups, { panicThreshold: 50, failOnPanic: true }), {});
  assert.deepEqual(shares([]), {});
});

test("Envoy's own table of spills over two levels (documentation of priority levels)", () => {
  const loads = (first: number, second: number): readonly number[] =>
    priorityLoads(
      [
        { total: 100, healthy: first, degraded: 0 },
        { total: 100, healthy: second, degraded: 0 },
      ],
      { factor: 140, panicThreshold: 50 },
    ).map(({ healthy }) => healthy);
  assert.deepEqual(loads(100, 100), [100, 0]);
  assert.deepEqual(loads(72, 72), [100, 0]);
  assert.deepEqual(loads(71, 71), [99, 1]);
  assert.deepEqual(loads(50, 50), [70, 30]);
  assert.deepEqual(loads(25, 100), [35, 65]);
  assert.deepEqual(loads(25, 25), [50, 50]);
});

test('shares add up to 1 whenever somebody can be chosen', () => {
  const host = fc.tuple(fc.constantFrom('', '!'), fc.integer({ min: 1, max: 9 }));
  const group = fc.tuple(fc.integer({ min: 0, max: 2 }), fc.array(host, { maxLength: 4 }));
  fc.assert(
    fc.property(fc.array(group, { maxLength: 4 }), fc.boolean(), (groups, byLocality) => {
      const all = groups.map(([priority, hosts], index) => ({
        zone: `z${index}`,
        priority,
        weight: 1 + index,
        hosts: Object.fromEntries(hosts.map(([mark, weight], at) => [`${mark}h${index}-${at}`, weight])),
      }));
      const found = distribute(assignment(all), { ...RULES, byLocality });
      const anyHealthy = all.some(({ hosts }) => Object.keys(hosts).some((name) => !name.startsWith('!')));
      const total = found.reduce((sum, { share }) => sum + share, 0);
      assert.ok(anyHealthy ? Math.abs(total - 1) < 1e-9 : found.length === 0);
      assert.ok(found.every(({ endpoint }) => endpoint.healthStatus === HealthStatus.HEALTHY));
    }),
  );
});
