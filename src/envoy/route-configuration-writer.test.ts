import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { VirtualHostSchema } from './gen/envoy/config/route/v3/route_components_pb.ts';
import { RouteConfigurationSchema } from './gen/envoy/config/route/v3/route_pb.ts';
import { adsSource } from './messages/config-sources.ts';
import {
  frameVirtualHost,
  joinRouteConfiguration,
  type RouteConfigurationFragment,
} from './route-configuration-writer.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const host: fc.Arbitrary<MessageInitShape<typeof VirtualHostSchema>> = fc.record({
  name: text,
  domains: fc.array(text, { maxLength: 3 }),
});
const rest = fc.constantFrom<NonNullable<RouteConfigurationFragment['rest']>>(
  {},
  { validateClusters: false },
  { vhds: { configSource: adsSource() }, responseHeadersToRemove: ['x-a'], maxDirectResponseBodySizeBytes: 4096 },
);

test('joined route configurations are byte for byte those of the general encoder', () => {
  fc.assert(
    fc.property(text, fc.array(host, { maxLength: 5 }), rest, (name, virtualHosts, others) => {
      const hosts = virtualHosts.map((init) => create(VirtualHostSchema, init));
      const whole = create(RouteConfigurationSchema, { ...others, name, virtualHosts: hosts });
      const framed = hosts.map((message) => frameVirtualHost(toBinary(VirtualHostSchema, message)));
      const joined = joinRouteConfiguration({ name, virtualHosts: framed, rest: others });
      assert.deepEqual(joined, Uint8Array.from(toBinary(RouteConfigurationSchema, whole)));
    }),
  );
});
