import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { HealthStatus } from './gen/envoy/config/core/v3/health_check_pb.ts';
import type { LbEndpointSchema } from './gen/envoy/config/endpoint/v3/endpoint_components_pb.ts';
import { ClusterLoadAssignmentSchema } from './gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { encodeEndpoint, joinLoadAssignment, joinLocality } from './load-assignment-writer.ts';
import { internalAddress, socketAddress } from './messages/addresses.ts';
import { durationFromMs } from './messages/durations.ts';

/** Any text, as names and addresses may be in configuration that nobody checked. */
const text = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit: 'grapheme', maxLength: 10 }));
const uint32 = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 0xffff_ffff }));

const endpoint: fc.Arbitrary<MessageInitShape<typeof LbEndpointSchema>> = fc
  .record({
    hostname: text,
    address: fc.oneof(
      fc.tuple(text, fc.nat(65535)).map(([address, port]) => socketAddress(address, port)),
      fc.tuple(text, text).map(([listener, id]) => internalAddress(listener, id)),
    ),
    healthStatus: fc.constantFrom(HealthStatus.UNKNOWN, HealthStatus.HEALTHY, HealthStatus.DRAINING),
    weight: fc.option(uint32, { nil: undefined }),
    mode: fc.option(text, { nil: undefined }),
  })
  .map(({ hostname, address, healthStatus, weight, mode }) => ({
    hostIdentifier: { case: 'endpoint' as const, value: { hostname, address } },
    healthStatus,
    ...(weight === undefined ? {} : { loadBalancingWeight: weight }),
    ...(mode === undefined
      ? {}
      : { metadata: { filterMetadata: { 'envoy.transport_socket_match': { tlsMode: mode } } } }),
  }));

const locality = fc.record({
  place: fc.option(fc.record({ region: text, zone: text, subZone: text }), { nil: undefined }),
  endpoints: fc.array(endpoint, { maxLength: 6 }),
  weight: fc.option(uint32, { nil: undefined }),
  priority: fc.nat(130),
});

const assignment = fc.record({
  clusterName: text,
  localities: fc.array(locality, { maxLength: 5 }),
  overprovisioning: fc.option(uint32, { nil: undefined }),
  staleAfterMs: fc.option(fc.nat(100_000), { nil: undefined }),
});

type Assignment = typeof assignment extends fc.Arbitrary<infer T> ? T : never;

function policyOf({ overprovisioning, staleAfterMs }: Assignment) {
  if (overprovisioning === undefined) return {};
  const stale = staleAfterMs === undefined ? {} : { endpointStaleAfter: durationFromMs(staleAfterMs) };
  return { policy: { overprovisioningFactor: overprovisioning, ...stale } };
}

function generallyEncoded(from: Assignment): Uint8Array {
  const message = create(ClusterLoadAssignmentSchema, {
    clusterName: from.clusterName,
    endpoints: from.localities.map(({ place, endpoints, weight, priority }) => ({
      ...(place ? { locality: place } : {}),
      lbEndpoints: endpoints,
      ...(weight === undefined ? {} : { loadBalancingWeight: weight }),
      priority,
    })),
    ...policyOf(from),
  });
  return toBinary(ClusterLoadAssignmentSchema, message);
}

function joined(from: Assignment): Uint8Array {
  return joinLoadAssignment({
    clusterName: from.clusterName,
    localities: from.localities.map(({ place, endpoints, weight, priority }) =>
      joinLocality({
        ...(place ? { locality: place } : {}),
        endpoints: endpoints.map(encodeEndpoint),
        ...(weight === undefined ? {} : { weight }),
        priority,
      }),
    ),
    ...policyOf(from),
  });
}

test('joined load assignments are byte for byte those of the general encoder', () => {
  fc.assert(fc.property(assignment, (from) => assert.deepEqual(joined(from), generallyEncoded(from))));
});

test('an endpoint encoded once serves in many assignments', () => {
  const shared = encodeEndpoint({
    hostIdentifier: { case: 'endpoint', value: { address: socketAddress('10.0.0.1', 80) } },
  });
  const before = Uint8Array.from(shared);
  const first = joinLoadAssignment({
    clusterName: 'a',
    localities: [joinLocality({ endpoints: [shared], priority: 0 })],
  });
  const second = joinLoadAssignment({
    clusterName: 'a',
    localities: [joinLocality({ endpoints: [shared], priority: 0 })],
  });
  assert.deepEqual(first, second);
  assert.deepEqual(Uint8Array.from(shared), before);
});
