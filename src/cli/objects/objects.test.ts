import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnsOf } from './columns.ts';
import { formatResourceName, KIND_WORDS, parseKinds } from './kinds.ts';
import { parseLabelSelector } from './label-selector.ts';

test('kinds are known by the names that kubectl knows', () => {
  const kindsOf = (text: string): readonly string[] => parseKinds(text).map(({ kind }) => kind);
  assert.deepEqual(kindsOf('svc,deploy,VirtualService,dr'), [
    'Service',
    'Deployment',
    'VirtualService',
    'DestinationRule',
  ]);
  assert.deepEqual(kindsOf('virtualservices.networking.istio.io'), ['VirtualService']);
  assert.deepEqual(kindsOf('deployments.v1.apps'), ['Deployment']);
  assert.deepEqual(kindsOf('Widget'), ['Widget']);
  assert.deepEqual(parseKinds('gateways.gateway.networking.k8s.io')[0]?.group, 'gateway.networking.k8s.io');
  assert.equal(parseKinds('gw')[0]?.group, 'networking.istio.io');
  assert.equal(new Set(KIND_WORDS).size, KIND_WORDS.length);
});

test('objects are called as kubectl calls them', () => {
  assert.equal(formatResourceName('Service', 'web'), 'service/web');
  assert.equal(formatResourceName('VirtualService', 'x'), 'virtualservice.networking.istio.io/x');
  assert.equal(
    formatResourceName('Gateway', 'g', 'gateway.networking.k8s.io/v1'),
    'gateway.gateway.networking.k8s.io/g',
  );
});

test('a label selector takes every form that kubectl takes', () => {
  const labels = { app: 'web', version: 'v1' };
  const matches = (text: string): boolean => parseLabelSelector(text)(labels);
  for (const text of [
    'app=web',
    'app==web,version!=v2',
    'app',
    '!tier',
    'version in (v1, v2)',
    'version notin (v3)',
    'tier!=x',
  ]) {
    assert.equal(matches(text), true, text);
  }
  for (const text of ['app=api', '!app', 'version in (v3)', 'version notin (v1)', 'app,tier'])
    assert.equal(matches(text), false, text);
  assert.throws(() => matches('app=='.concat('$')), /no label selector/);
});

test('cells of objects with missing or odd parts are shown, not thrown', () => {
  for (const kind of [
    'Pod',
    'Service',
    'Deployment',
    'EndpointSlice',
    'VirtualService',
    'DestinationRule',
    'Job',
    'Secret',
  ]) {
    for (const body of [{}, { metadata: 1, spec: 'x' }, { spec: { ports: [null], hosts: {} }, status: [] }]) {
      for (const column of columnsOf(kind, true)) assert.equal(typeof column.cell(body, { nowMs: 0 }), 'string');
    }
  }
});
