/** What an installation's own rules come to in Envoy: the east-west gateway passes the control plane on by its name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { meshObjects, readInstallValues } from '../../src/install/index.ts';
import { podText } from '../../src/translate/testing/manifests.ts';
import { PaperMesh } from '../../src/translate/testing/paper-mesh.ts';

const KINDS = ['Service', 'Gateway', 'VirtualService'];

function installed(): string {
  const { values } = readInstallValues({ files: [], sets: [], context: 'cluster1', env: {} });
  const objects = meshObjects(values, { definitions: [] }).filter(({ kind = '' }) => KINDS.includes(kind));
  return objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n');
}

const PODS = [
  podText({
    name: 'ew',
    namespace: 'istio-system',
    labels: { app: 'istio-eastwestgateway', istio: 'eastwestgateway' },
  }),
  `{apiVersion: v1, kind: Pod, metadata: {name: istiod-0, namespace: istio-system, labels: {app: istiod, istio: pilot}}, spec: {containers: [{name: discovery, image: x}]}, status: {podIP: 10.1.0.9, phase: Running, conditions: [{type: Ready, status: "True"}]}}\n`,
  `{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: istiod-1, namespace: istio-system, labels: {kubernetes.io/service-name: istiod}}, addressType: IPv4, endpoints: [{addresses: [10.1.0.9], conditions: {ready: true}, targetRef: {kind: Pod, name: istiod-0, namespace: istio-system}}], ports: [{name: https-dns, port: 15012}, {name: https-webhook, port: 15017}]}\n`,
].join('---\n');

test('15012 and 15017 lead to istiod for its own name alone, as they are', () => {
  const proxy = new PaperMesh({ clusters: { cluster1: `${installed()}---\n${PODS}` } }).gateway(
    'cluster1/istio-system/ew',
  );
  const chains = [15012, 15017].map((port) => {
    const listener = proxy.listener(`0.0.0.0_${port}`);
    return listener?.filterChains.map(({ filterChainMatch, transportSocket }) => [
      filterChainMatch?.serverNames,
      transportSocket,
    ]);
  });
  assert.deepEqual(chains, [[[['istiod.istio-system.svc'], undefined]], [[['istiod.istio-system.svc'], undefined]]]);
  const names = proxy.names('type.googleapis.com/envoy.config.cluster.v3.Cluster');
  const wanted = [15012, 443].map((port) => `outbound|${port}||istiod.istio-system.svc.cluster.local`);
  for (const name of wanted) assert.ok(names.includes(name), `${name} is none of ${names.join(', ')}`);
  const addresses = wanted.map((name) =>
    JSON.stringify(proxy.endpoints(name), (_, value) => (typeof value === 'bigint' ? String(value) : value)),
  );
  assert.match(addresses[0] ?? '', /10\.1\.0\.9.*15012/);
  assert.match(addresses[1] ?? '', /10\.1\.0\.9.*15017/);
});

test('15443 is there for the mesh, and the ingress gateway is not affected', () => {
  const proxy = new PaperMesh({ clusters: { cluster1: `${installed()}---\n${PODS}` } }).gateway(
    'cluster1/istio-system/ew',
  );
  assert.deepEqual(proxy.names('type.googleapis.com/envoy.config.listener.v3.Listener'), [
    '0.0.0.0_15012',
    '0.0.0.0_15017',
    '0.0.0.0_15443',
  ]);
});
