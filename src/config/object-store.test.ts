import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ClusterId, RawObject } from '../model/index.ts';
import { parseManifest } from '../sources/index.ts';
import { ObjectStore, parseObject } from './index.ts';

function raw(text: string): RawObject {
  const [object] = parseManifest({ cluster: 'c1' as ClusterId, file: 'a.yaml', text }).documents.flatMap(
    (document) => document.objects,
  );
  assert.ok(object);
  return object;
}

function peerAuthentication(name: string, mode: string): RawObject {
  return raw(
    `{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: ${name}}, spec: {mtls: {mode: ${mode}}}}`,
  );
}

test('the last good version stays until the object is good again or deleted', () => {
  const store = new ObjectStore();
  const good = peerAuthentication('a', 'STRICT');
  assert.equal(store.apply({ set: [good], deleted: [] }).set.length, 1);
  assert.deepEqual(store.apply({ set: [peerAuthentication('a', 'STRIKT')], deleted: [] }), { set: [], deleted: [] });
  assert.equal(store.find('PeerAuthentication', 'default', 'a')?.spec.mtls?.mode, 'STRICT');
  assert.deepEqual(
    store.diagnostics().map(({ code }) => code),
    ['PEL2004', 'PEL2015'],
  );
  assert.equal(store.diagnosticsOf(good.ref).length, 2);
  store.apply({ set: [peerAuthentication('a', 'DISABLE')], deleted: [] });
  assert.equal(store.find('PeerAuthentication', 'default', 'a')?.spec.mtls?.mode, 'DISABLE');
  assert.deepEqual(store.diagnostics(), []);
  assert.deepEqual(store.apply({ set: [], deleted: [good.ref] }).deleted, [good.ref]);
  assert.deepEqual(store.ofKind('PeerAuthentication'), []);
});

test('a broken object that never was good is reported, and no more', () => {
  const store = new ObjectStore();
  const broken = peerAuthentication('a', 'STRIKT');
  assert.deepEqual(store.apply({ set: [broken], deleted: [] }), { set: [], deleted: [] });
  assert.deepEqual(
    store.diagnostics().map(({ code }) => code),
    ['PEL2004'],
  );
  assert.deepEqual(store.apply({ set: [], deleted: [broken.ref] }), { set: [], deleted: [] });
  assert.deepEqual(store.diagnostics(), []);
});

test('an object of another API group with the same kind and name takes nothing away', () => {
  const store = new ObjectStore();
  const ours = raw(
    '{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: edge}, spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}}',
  );
  const theirs = raw('{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: edge}, spec: {}}');
  store.apply({ set: [ours, theirs], deleted: [] });
  assert.ok(store.find('Gateway', 'default', 'edge'));
});

test('an object that only moved in its file keeps what it says, at its new place', () => {
  const store = new ObjectStore();
  const before = peerAuthentication('a', 'STRICT');
  store.apply({ set: [before], deleted: [] });
  store.apply({ set: [{ ...before, origin: { kind: 'file', file: 'a.yaml', line: 7, column: 1 } }], deleted: [] });
  const object = store.find('PeerAuthentication', 'default', 'a');
  assert.deepEqual(object?.origin, { kind: 'file', file: 'a.yaml', line: 7, column: 1 });
  assert.equal(object?.spec.mtls?.mode, 'STRICT');
});

test('law: a broken object changes no other object', () => {
  const anything = fc.dictionary(fc.string({ maxLength: 8 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 });
  const kinds = fc.constantFrom(
    'VirtualService',
    'DestinationRule',
    'ServiceEntry',
    'Gateway',
    'Sidecar',
    'EnvoyFilter',
  );
  const good = [peerAuthentication('good', 'STRICT'), peerAuthentication('other', 'DISABLE')];
  const alone = good.map(parseObject);
  const broken = fc.record({ kind: kinds, spec: anything });
  fc.assert(
    fc.property(broken, fc.integer({ min: 0, max: 2 }), ({ kind, spec }, position) => {
      const body = {
        apiVersion: `networking.istio.io/${kind === 'EnvoyFilter' ? 'v1alpha3' : 'v1'}`,
        kind,
        metadata: { name: 'broken' },
        spec,
      };
      const template = good[0];
      assert.ok(template);
      const meta = { ...template.meta, name: 'broken' };
      const intruder: RawObject = {
        ...template,
        ref: { ...template.ref, kind, name: 'broken' },
        apiVersion: body.apiVersion,
        meta,
        body,
      };
      const store = new ObjectStore();
      store.apply({ set: good.toSpliced(position, 0, intruder), deleted: [] });
      assert.deepEqual(
        store.ofKind('PeerAuthentication'),
        alone.map(({ object }) => object),
      );
    }),
    { numRuns: 300, seed: 20_261_123 },
  );
});
