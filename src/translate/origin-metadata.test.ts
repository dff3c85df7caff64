import assert from 'node:assert/strict';
import { test } from 'node:test';
import { istioText, podText, serviceText } from './testing/manifests.ts';
import { PaperMesh } from './testing/paper-mesh.ts';

const ROOT =
  '{hosts: [reviews], http: [{match: [{uri: {prefix: /a}}], delegate: {name: part}}, {route: [{destination: {host: reviews}}]}]}';
const PART = '{http: [{route: [{destination: {host: reviews}}]}]}';

function configsOf(rules: string): readonly unknown[] {
  const text = podText({ name: 'client' }) + serviceText({ name: 'reviews', pods: { a: '10.1.0.1' } });
  const host = new PaperMesh({ clusters: { cluster1: text + rules } })
    .sidecar('cluster1/default/client')
    .host('reviews');
  return (host?.routes ?? []).map(({ metadata }) => metadata?.filterMetadata['istio']?.['config']);
}

test('each route names the VirtualService that it is written in', () => {
  const path = '/apis/networking.istio.io/v1/namespaces/default/virtual-service';
  const rules = istioText('VirtualService', 'root', ROOT) + istioText('VirtualService', 'part', PART);
  assert.deepEqual(configsOf(rules), [`${path}/part`, `${path}/root`]);
  assert.deepEqual(configsOf(''), [undefined]);
});
