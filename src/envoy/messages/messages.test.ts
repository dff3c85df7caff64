import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DescMessage, type MessageShape, toJson } from '@bufbuild/protobuf';
import { DurationSchema } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';
import { pack, unpack } from '../any.ts';
import { AddressSchema } from '../gen/envoy/config/core/v3/address_pb.ts';
import { ConfigSourceSchema } from '../gen/envoy/config/core/v3/config_source_pb.ts';
import {
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema,
} from '../gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts';
import { HttpProtocolOptionsSchema } from '../gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts';
import {
  adsSource,
  dnsName,
  downstreamTls,
  durationFromMs,
  HTTP_PROTOCOL_OPTIONS,
  httpProtocolOptions,
  internalAddress,
  msFromDuration,
  pathSource,
  pipeAddress,
  sdsSecret,
  socketAddress,
  upstreamTls,
  uriName,
} from './index.ts';

function json<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc> | undefined): unknown {
  assert.ok(message);
  return toJson(schema, message, { useProtoFieldName: true });
}

test('durations', () => {
  const cases: readonly (readonly [ms: number, text: string])[] = [
    [0, '0s'],
    [1, '0.001s'],
    [0.1, '0.000100s'],
    [1500, '1.500s'],
    [999.9999999, '1s'],
    [-1500, '-1.500s'],
    [-0.5, '-0.000500s'],
  ];
  for (const [ms, text] of cases) assert.equal(json(DurationSchema, durationFromMs(ms)), text);
  fc.assert(
    fc.property(fc.maxSafeInteger(), (ms) => {
      const inRange = ms % 1e12;
      assert.equal(msFromDuration(durationFromMs(inRange)), inRange === 0 ? 0 : inRange);
      assert.doesNotThrow(() => pack(DurationSchema, durationFromMs(inRange / 7)));
    }),
  );
});

test('addresses', () => {
  const socket = { address: '10.0.0.1', port_value: 80 };
  assert.deepEqual(json(AddressSchema, socketAddress('10.0.0.1', 80)), { socket_address: socket });
  assert.deepEqual(json(AddressSchema, pipeAddress('/run/a', 0o600)), { pipe: { path: '/run/a', mode: 384 } });
  const internal = { server_listener_name: 'network|a', endpoint_id: 'pod' };
  assert.deepEqual(json(AddressSchema, internalAddress('network|a', 'pod')), { envoy_internal_address: internal });
});

test('config sources are of version 3', () => {
  assert.deepEqual(json(ConfigSourceSchema, adsSource()), { ads: {}, resource_api_version: 'V3' });
  assert.deepEqual(json(ConfigSourceSchema, adsSource(0)), {
    ads: {},
    resource_api_version: 'V3',
    initial_fetch_timeout: '0s',
  });
  assert.deepEqual(json(ConfigSourceSchema, pathSource('/t/token', '/t')), {
    path_config_source: { path: '/t/token', watched_directory: { path: '/t' } },
    resource_api_version: 'V3',
  });
});

const ADS = { ads: {}, resource_api_version: 'V3' };

test('TLS towards endpoints that have their own server names, of given identities', () => {
  const peer = 'spiffe://cluster.local/ns/default/sa/reviews';
  const socket = upstreamTls(
    { certificate: sdsSecret('default'), roots: sdsSecret('ROOTCA'), peers: [uriName(peer)], alpn: ['istio', 'h2'] },
    'endpoint',
  );
  assert.equal(socket.name, 'envoy.transport_sockets.tls');
  assert.ok(socket.configType.case === 'typedConfig');
  assert.deepEqual(json(UpstreamTlsContextSchema, unpack(socket.configType.value, UpstreamTlsContextSchema)), {
    common_tls_context: {
      tls_params: { tls_minimum_protocol_version: 'TLSv1_2' },
      tls_certificate_sds_secret_configs: [{ name: 'default', sds_config: ADS }],
      combined_validation_context: {
        default_validation_context: {
          match_typed_subject_alt_names: [{ san_type: 'URI', matcher: { exact: peer } }],
        },
        validation_context_sds_secret_config: { name: 'ROOTCA', sds_config: ADS },
      },
      alpn_protocols: ['istio', 'h2'],
    },
    auto_host_sni: true,
  });
  const named = upstreamTls({ roots: sdsSecret('r'), peers: [dnsName('a.b')], minimumVersion: '1.3' }, { name: 'a.b' });
  assert.ok(named.configType.case === 'typedConfig');
  const context = unpack(named.configType.value, UpstreamTlsContextSchema);
  assert.equal(context?.sni, 'a.b');
  assert.equal(context?.autoHostSni, false);
});

test('TLS for clients that must show a certificate', () => {
  const socket = downstreamTls({ certificate: sdsSecret('default'), roots: sdsSecret('ROOTCA') }, true);
  assert.ok(socket.configType.case === 'typedConfig');
  assert.deepEqual(json(DownstreamTlsContextSchema, unpack(socket.configType.value, DownstreamTlsContextSchema)), {
    common_tls_context: {
      tls_params: { tls_minimum_protocol_version: 'TLSv1_2' },
      tls_certificate_sds_secret_configs: [{ name: 'default', sds_config: ADS }],
      validation_context_sds_secret_config: { name: 'ROOTCA', sds_config: ADS },
    },
    require_client_certificate: true,
  });
});

test('HTTP protocol options of a cluster', () => {
  const idle = { commonHttpProtocolOptions: { idleTimeout: durationFromMs(1000) } };
  const explicit = httpProtocolOptions({ kind: 'http2' }, idle)[HTTP_PROTOCOL_OPTIONS];
  assert.deepEqual(json(HttpProtocolOptionsSchema, unpack(explicit, HttpProtocolOptionsSchema)), {
    common_http_protocol_options: { idle_timeout: '1s' },
    explicit_http_config: { http2_protocol_options: {} },
  });
  const kinds = { http1: 'explicitHttpConfig', alpn: 'autoConfig', downstream: 'useDownstreamProtocolConfig' } as const;
  for (const [kind, want] of Object.entries(kinds)) {
    const options = httpProtocolOptions({ kind: kind as keyof typeof kinds })[HTTP_PROTOCOL_OPTIONS];
    assert.equal(unpack(options, HttpProtocolOptionsSchema)?.upstreamProtocolOptions.case, want);
  }
});
