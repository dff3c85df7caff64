import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterId } from '../../model/index.ts';
import { parseManifest } from '../../sources/index.ts';
import { ClusterStore } from '../store/cluster-store.ts';
import { reconcileEndpointSlices } from './endpoint-slice-controller.ts';
import type { PodView } from './pod-view.ts';
import { ensureStandingObjects, makeNode } from './standing-objects.ts';
import { WorkloadController } from './workload-controller.ts';

const CLUSTER = 'c1' as ClusterId;
const NOW = 1_700_000_000_000;

function objectsOf(text: string) {
  return parseManifest({ cluster: CLUSTER, file: 'f', text }).documents.flatMap((one) => one.objects);
}

class World {
  readonly store = new ClusterStore(CLUSTER, () => NOW);
  readonly controller = new WorkloadController(this.store, () => NOW);

  apply(text: string): void {
    for (const object of objectsOf(text)) assert.notEqual(this.store.set(object).action, 'refused');
  }

  pods(): readonly PodView[] {
    return this.controller.pods();
  }

  /** What the kubelet would write. */
  makeReady(pod: PodView, address = '127.1.1.1'): void {
    const conditions = [{ type: 'Ready', status: 'True' }];
    const annotations = { 'pelagos.dev/sockets': JSON.stringify({ 8080: `${address}:18080` }) };
    this.store.patch(pod.raw, { status: { phase: 'Running', podIP: address, conditions }, annotations });
  }

  finish(pod: PodView, phase: string): void {
    this.store.patch(pod.raw, { status: { phase } });
  }
}

function workload(kind: string, extra = '', apiVersion = 'apps/v1'): string {
  return `apiVersion: ${apiVersion}
kind: ${kind}
metadata: {name: web}
spec:
  ${extra}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, ports: [{containerPort: 8080, name: http}]}]
`;
}

const DEPLOYMENT = workload('Deployment', 'replicas: 2\n  selector: {matchLabels: {app: web}}');
const SERVICE = `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}
`;

test('a deployment makes pods, which are named, labelled and owned as on Kubernetes', () => {
  const world = new World();
  world.apply(DEPLOYMENT);
  world.controller.reconcile();
  const pods = world.pods();
  assert.equal(pods.length, 2);
  for (const pod of pods) {
    assert.match(pod.name, /^web-[a-z0-9]{10}-[a-z0-9]{5}$/);
    assert.deepEqual(
      [pod.owner?.kind, pod.owner?.name, pod.proxy, pod.spec.nodeName],
      ['Deployment', 'web', 'none', 'c1-node'],
    );
  }
  world.controller.reconcile();
  assert.equal(world.pods().length, 2);
});

test('a namespace that is labelled gives its pods a sidecar, and rolls out those without', () => {
  const world = new World();
  world.apply(DEPLOYMENT);
  world.controller.reconcile();
  for (const pod of world.pods()) world.makeReady(pod);
  world.apply('apiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {istio-injection: enabled}}\n');
  world.controller.reconcile();
  const added = world.pods().filter(({ proxy }) => proxy === 'sidecar');
  assert.equal(added.length, 1);
  assert.equal(added[0]?.labels['security.istio.io/tlsMode'], 'istio');
});

test('a port that only a Service names becomes a port of the pod', () => {
  const world = new World();
  world.apply(DEPLOYMENT);
  world.apply(SERVICE.replace('targetPort: http', 'targetPort: 9090').replace('name: http', 'name: tcp'));
  world.controller.reconcile();
  assert.deepEqual(world.pods()[0]?.ports, [
    { port: 8080, target: 8080, name: 'http', protocol: 'http' },
    { port: 9090, target: 9090, name: '', protocol: 'tcp' },
  ]);
});

test('pods go with their owner', () => {
  const world = new World();
  world.apply(DEPLOYMENT);
  world.controller.reconcile();
  const [deployment] = objectsOf(DEPLOYMENT);
  assert.ok(deployment);
  world.store.delete(deployment);
  world.controller.reconcile();
  assert.ok(world.pods().every(({ isTerminating }) => isTerminating));
});

test('a stateful set gives its pods names and host names in order', () => {
  const world = new World();
  world.apply(workload('StatefulSet', 'replicas: 2\n  serviceName: web\n  selector: {matchLabels: {app: web}}'));
  world.controller.reconcile();
  const [first] = world.pods();
  assert.deepEqual(
    world.pods().map(({ name }) => name),
    ['web-0'],
  );
  assert.deepEqual([first?.spec.hostname, first?.spec.subdomain], ['web-0', 'web']);
  if (first) world.makeReady(first);
  world.controller.reconcile();
  assert.deepEqual(
    world.pods().map(({ name }) => name),
    ['web-0', 'web-1'],
  );
});

test('a job makes pods until enough have succeeded', () => {
  const world = new World();
  world.apply(workload('Job', 'completions: 2', 'batch/v1'));
  for (const expected of [1, 2, 2]) {
    world.controller.reconcile();
    assert.equal(world.pods().length, expected);
    for (const pod of world.pods()) world.finish(pod, 'Succeeded');
  }
  world.controller.reconcile();
  assert.deepEqual(world.store.listStored('Job')[0]?.overlay.status, { active: 0, succeeded: 2, failed: 0 });
});

test('slices follow pods: the real port, and gone with the pod', () => {
  const world = new World();
  world.apply(`${DEPLOYMENT}---\n${SERVICE}`);
  world.controller.reconcile();
  const [pod] = world.pods();
  assert.ok(pod);
  world.makeReady(pod);
  reconcileEndpointSlices(world.store, world.pods());
  const [slice] = world.store.list('EndpointSlice');
  assert.deepEqual(
    slice?.spec.ports.map(({ port }) => port),
    [18080],
  );
  assert.equal(slice?.meta.labels['kubernetes.io/service-name'], 'web');
  world.store.delete(pod.raw);
  reconcileEndpointSlices(world.store, world.pods());
  assert.deepEqual(world.store.list('EndpointSlice'), []);
});

test('every namespace in use is there, with its default service account; the node says where the cluster is', () => {
  const world = new World();
  world.apply(SERVICE.replace('{name: web}', '{name: web, namespace: shop}'));
  makeNode(world.store, { region: 'eu', zone: 'eu-1' });
  ensureStandingObjects(world.store);
  assert.deepEqual(
    world.store.list('Namespace').map(({ meta }) => meta.name),
    ['default', 'istio-system', 'shop'],
  );
  assert.ok(world.store.get('ServiceAccount', 'shop', 'default'));
  assert.equal(world.store.get('Node', '', 'c1-node')?.meta.labels['topology.kubernetes.io/region'], 'eu');
});
