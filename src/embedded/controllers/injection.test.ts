import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proxyKindOf } from './injection.ts';

function kindOf(
  namespaceLabels: Record<string, string>,
  labels: Record<string, string> = {},
  annotations: Record<string, string> = {},
) {
  return proxyKindOf({ namespace: 'default', namespaceLabels, labels, annotations, hostNetwork: false });
}

test("the namespace's label decides, and the pod's overrides it, as in Istio's table", () => {
  const enabled = { 'istio-injection': 'enabled' };
  const disabled = { 'istio-injection': 'disabled' };
  const yes = { 'sidecar.istio.io/inject': 'true' };
  const no = { 'sidecar.istio.io/inject': 'false' };
  assert.equal(kindOf({}), 'none');
  assert.equal(kindOf({}, yes), 'sidecar');
  assert.equal(kindOf({}, {}, yes), 'sidecar');
  assert.equal(kindOf(enabled), 'sidecar');
  assert.equal(kindOf(enabled, no), 'none');
  assert.equal(kindOf(enabled, yes, no), 'sidecar');
  assert.equal(kindOf(disabled, yes), 'none');
  assert.equal(kindOf({ 'istio.io/rev': 'stable' }), 'sidecar');
  assert.equal(kindOf({}, { 'istio.io/rev': 'stable' }), 'sidecar');
});

test('a gateway template makes a gateway', () => {
  const gateway = { 'inject.istio.io/templates': 'gateway' };
  assert.equal(kindOf({}, { 'sidecar.istio.io/inject': 'true' }, gateway), 'gateway');
  assert.equal(kindOf({}, {}, gateway), 'none');
});

test('pods of the host network are left alone', () => {
  const namespaceLabels = { 'istio-injection': 'enabled' };
  const subject = { namespace: 'default', namespaceLabels, labels: {}, annotations: {}, hostNetwork: true };
  assert.equal(proxyKindOf(subject), 'none');
});
