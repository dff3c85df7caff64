import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, fromJson, type JsonValue, toBinary } from '@bufbuild/protobuf';
import type { Resource } from '../model/index.ts';
import { readDeltaRequest, readSotwRequest } from './discovery-reader.ts';
import { writeDeltaResponse, writeSotwResponse } from './discovery-writer.ts';
import { messageNamed } from './testing/envoy-json.ts';
import { testResource } from './testing/test-resource.ts';
import { CDS, VHDS } from './xds-type.ts';

const DISCOVERY = 'envoy.service.discovery.v3';

function encode(message: string, json: JsonValue): Buffer {
  const type = messageNamed(`${DISCOVERY}.${message}`);
  return Buffer.from(toBinary(type, fromJson(type, json, { ignoreUnknownFields: false })));
}

const NODE: JsonValue = {
  id: 'proxy1',
  cluster: 'cluster1',
  metadata: { NAMESPACE: 'default', deep: { list: [1, 'two', true, null] } },
  locality: { region: 'r', zone: 'z', subZone: 's' },
  userAgentName: 'envoy',
  userAgentBuildVersion: { version: { majorNumber: 1, minorNumber: 40 }, metadata: { 'ssl.version': 'BoringSSL' } },
  extensions: [{ name: 'envoy.filters.http.router', category: 'envoy.filters.http' }],
  clientFeatures: ['envoy.lb.does_not_support_overprovisioning'],
};
const READ_NODE = {
  id: 'proxy1',
  cluster: 'cluster1',
  metadata: { NAMESPACE: 'default', deep: { list: [1, 'two', true, null] } },
  locality: { region: 'r', zone: 'z', subzone: 's' },
  version: '1.40.0',
};

test('a delta request is read as protobuf-es writes it', () => {
  const bytes = encode('DeltaDiscoveryRequest', {
    node: NODE,
    typeUrl: CDS.url,
    resourceNamesSubscribe: ['a', 'ä'],
    resourceNamesUnsubscribe: ['*'],
    initialResourceVersions: { a: '1', b: '' },
    responseNonce: '7',
    errorDetail: { code: 13, message: 'no' },
    resourceLocatorsSubscribe: [{ name: 'unread' }],
  });
  assert.deepEqual(readDeltaRequest(bytes), {
    node: READ_NODE,
    typeUrl: CDS.url,
    subscribe: ['a', 'ä'],
    unsubscribe: ['*'],
    initialVersions: new Map([
      ['a', '1'],
      ['b', ''],
    ]),
    responseNonce: '7',
    error: { code: 13, message: 'no' },
  });
});

test('a state-of-the-world request is read as protobuf-es writes it', () => {
  const bytes = encode('DiscoveryRequest', {
    versionInfo: '3',
    node: NODE,
    resourceNames: ['a'],
    typeUrl: CDS.url,
    responseNonce: '7',
    errorDetail: { code: 3, message: 'no' },
  });
  assert.deepEqual(readSotwRequest(bytes), {
    node: READ_NODE,
    typeUrl: CDS.url,
    versionInfo: '3',
    names: ['a'],
    responseNonce: '7',
    error: { code: 3, message: 'no' },
  });
});

test('bytes that are no message are refused', () => {
  assert.throws(() => readDeltaRequest(Buffer.from([0x0a, 0xff])));
  assert.throws(() => readDeltaRequest(Buffer.from('not protobuf at all')));
});

test('responses are byte for byte what protobuf-es writes', () => {
  const resource = { ...testResource(VHDS, 'out/a', '1'), aliases: ['out/a', 'out/b'] };
  const empty = { ...testResource(VHDS, 'out/empty', '2'), bytes: new Uint8Array() };
  const any = (of: Resource) => ({ typeUrl: of.type, value: of.bytes });
  const delta = messageNamed(`${DISCOVERY}.DeltaDiscoveryResponse`);
  const written = writeDeltaResponse({
    typeUrl: VHDS.url,
    nonce: '12',
    items: [
      { kind: 'resource', resource },
      { kind: 'resource', resource: empty },
      { kind: 'none', name: 'out/c', version: 'absent' },
    ],
    removed: ['gone', 'ü'],
    controlPlane: 'cp',
  });
  const expected = create(delta, {
    resources: [
      { name: 'out/a', version: '1', resource: any(resource), aliases: ['out/a', 'out/b'] },
      { name: 'out/empty', version: '2', resource: any(empty) },
      { name: 'out/c', version: 'absent', aliases: ['out/c'] },
    ],
    typeUrl: VHDS.url,
    nonce: '12',
    removedResources: ['gone', 'ü'],
    controlPlane: { identifier: 'cp' },
  });
  assert.deepEqual(written, Buffer.from(toBinary(delta, expected)));

  const sotw = messageNamed(`${DISCOVERY}.DiscoveryResponse`);
  const whole = create(sotw, {
    versionInfo: '12',
    resources: [any(resource), any(empty)],
    typeUrl: VHDS.url,
    nonce: '12',
    controlPlane: { identifier: 'cp' },
  });
  assert.deepEqual(
    writeSotwResponse({
      typeUrl: VHDS.url,
      nonce: '12',
      versionInfo: '12',
      resources: [resource, empty],
      controlPlane: 'cp',
    }),
    Buffer.from(toBinary(sotw, whole)),
  );
});
