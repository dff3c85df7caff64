import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type JsonObject, toBinary } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { encodeResource } from './encode.ts';
import { ListenerSchema } from './gen/envoy/config/listener/v3/listener_pb.ts';
import { TlsCertificateSchema } from './gen/envoy/extensions/transport_sockets/tls/v3/common_pb.ts';
import { SecretSchema } from './gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts';
import {
  httpConnectionManager,
  loadAllTypes,
  messageFromAny,
  messageToJson,
  pack,
  resourceToJson,
  routerFilter,
  TYPE_URL,
  unpack,
} from './index.ts';

const TYPES = await loadAllTypes();
const encoder = new TextEncoder();

test('a listener is printed with every nested message unfolded, in the names of the documentation', () => {
  const { bytes } = encodeResource(ListenerSchema, {
    name: 'inbound',
    filterChains: [{ filters: [httpConnectionManager({ statPrefix: 'in', httpFilters: [routerFilter()] })] }],
  });
  assert.deepEqual(resourceToJson(TYPE_URL.LDS, bytes, TYPES), {
    name: 'inbound',
    filter_chains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typed_config: {
              '@type':
                'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
              stat_prefix: 'in',
              http_filters: [
                {
                  name: 'envoy.filters.http.router',
                  typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
                },
              ],
            },
          },
        ],
      },
    ],
  });
});

test('a private key is never printed, nor inside an Any', () => {
  const key = { specifier: { case: 'inlineBytes' as const, value: encoder.encode('KEY') } };
  const chain = { specifier: { case: 'inlineString' as const, value: 'CHAIN' } };
  const { bytes } = encodeResource(SecretSchema, {
    name: 'default',
    type: { case: 'tlsCertificate', value: { certificateChain: chain, privateKey: key } },
  });
  const want = { certificate_chain: { inline_string: 'CHAIN' }, private_key: { inline_bytes: '[redacted]' } };
  assert.deepEqual(resourceToJson(TYPE_URL.SDS, bytes, TYPES), { name: 'default', tls_certificate: want });
  const any = pack(TlsCertificateSchema, { certificateChain: chain, privateKey: key });
  const printed = messageToJson(AnySchema, any, TYPES) as JsonObject;
  assert.deepEqual(printed, { '@type': any.typeUrl, ...want });
});

test('the values of sensitive maps are not printed, their keys are', () => {
  const secrets = { token: { specifier: { case: 'inlineString' as const, value: 'T' } } };
  const { bytes } = encodeResource(SecretSchema, { name: 's', type: { case: 'genericSecret', value: { secrets } } });
  assert.deepEqual(resourceToJson(TYPE_URL.SDS, bytes, TYPES), {
    name: 's',
    generic_secret: { secrets: { token: { inline_string: '[redacted]' } } },
  });
});

test('of an unknown type the name is shown', () => {
  for (const typeUrl of ['type.googleapis.com/acme.filters.v1.Config', 'type.googleapis.com/Config', 'x/a..b']) {
    const any = create(AnySchema, { typeUrl, value: Uint8Array.of(10, 1, 65) });
    assert.deepEqual(messageToJson(AnySchema, any, TYPES), { '@type': typeUrl });
  }
});

test('an Any is unpacked by its schema or by the registry', () => {
  const any = pack(TlsCertificateSchema, { pkcs12: { specifier: { case: 'filename', value: '/f' } } });
  assert.equal(unpack(any, TlsCertificateSchema)?.pkcs12?.specifier.value, '/f');
  assert.equal(unpack(any, SecretSchema), undefined);
  assert.equal(unpack(undefined, SecretSchema), undefined);
  const message = messageFromAny(any, TYPES);
  assert.equal(message?.$typeName, TlsCertificateSchema.typeName);
  assert.ok(message);
  assert.deepEqual(toBinary(TlsCertificateSchema, message as never), any.value);
  assert.equal(messageFromAny(create(AnySchema, { typeUrl: 'x/acme.Unknown' }), TYPES), undefined);
});

test('the whole API is known, with what it imports', () => {
  assert.ok(TYPES.getMessage('envoy.admin.v3.ConfigDump'));
  assert.ok(TYPES.getMessage('opentelemetry.proto.common.v1.AnyValue'));
  assert.ok([...TYPES].length > 2000);
});
