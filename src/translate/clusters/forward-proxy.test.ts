/** Which hosts that no object names a workload may call, and what becomes of the others. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TYPE_URL } from '../../envoy/index.ts';
import type { MeshConfig } from '../../model/index.ts';
import { istioText, podText, serviceText } from '../testing/manifests.ts';
import { PaperMesh, type PaperProxy } from '../testing/paper-mesh.ts';

function client(outboundTrafficPolicy: MeshConfig['outboundTrafficPolicy'], more = ''): PaperProxy {
  const text = podText({ name: 'client', labels: { app: 'client' } }) + serviceText({ name: 'reviews' }) + more;
  const mesh = new PaperMesh({ clusters: { cluster1: text, east: '' }, meshConfig: { outboundTrafficPolicy } });
  return mesh.sidecar('cluster1/default/client');
}

describe('ALLOW_ANY', () => {
  const proxy = client('ALLOW_ANY');

  for (const host of [
    'www.google.com',
    'github.com',
    'xn--bcher-kva.de',
    'a.xn--p1ai',
    'api.partner.com:8443',
    '192.0.2.1',
  ]) {
    test(`${host} goes outside, by plain requests and by CONNECT`, () => {
      assert.equal(proxy.clusterOf(host), 'PassthroughCluster');
      assert.equal(proxy.host(host)?.routes[0]?.match?.pathSpecifier.case, 'connectMatcher');
    });
  }

  for (const host of [
    'nobody',
    'nobody.default',
    'x.nobody.default',
    'reviews.east',
    'nobody.default.cluster3',
    'nobody.us-west',
    'a.default.svc',
    'a.default.svc.cluster.local',
    'printer.local',
    'www.example',
    'a..com',
    '[2001:db8::1]',
  ]) {
    test(`${host} is nobody's`, () => assert.equal(proxy.host(host), undefined));
  }

  test('a service that has no such port is not looked for outside', () => {
    assert.equal(proxy.host('reviews.default:81'), undefined);
  });
});

test('REGISTRY_ONLY: nobody is called outside, and there is no cluster for it', () => {
  const proxy = client('REGISTRY_ONLY');
  assert.equal(proxy.host('www.google.com'), undefined);
  assert.equal(proxy.cluster('PassthroughCluster'), undefined);
  assert.deepEqual(proxy.names(TYPE_URL.CDS), ['BlackHoleCluster']);
});

test('a Sidecar object says so before the mesh does', () => {
  const sidecar = (mode: string): string => istioText('Sidecar', 'default', `{outboundTrafficPolicy: {mode: ${mode}}}`);
  assert.equal(client('ALLOW_ANY', sidecar('REGISTRY_ONLY')).host('www.google.com'), undefined);
  assert.equal(client('REGISTRY_ONLY', sidecar('ALLOW_ANY')).clusterOf('www.google.com'), 'PassthroughCluster');
});
