import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseObject } from '../../config/index.ts';
import type { ClusterId } from '../../model/index.ts';
import { toRawObject } from '../manifest/raw-object.ts';
import { projectNode, projectPod, projectSecret, projectSlice } from './projection.ts';

/** What the stage config makes of it: nothing that it needs may be missing. */
function parsed(body: Readonly<Record<string, unknown>> | undefined): ReturnType<typeof parseObject> {
  const raw = toRawObject(body, { cluster: 'c' as ClusterId, origin: { kind: 'generated', by: 'test' } });
  assert.ok(!('problem' in raw));
  return parseObject(raw);
}

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'pod',
    namespace: 'default',
    uid: 'u',
    resourceVersion: '9',
    creationTimestamp: '2026-01-01T00:00:00Z',
    deletionTimestamp: '2026-01-02T00:00:00Z',
    labels: { app: 'x' },
    annotations: {
      'sidecar.istio.io/status': '{}',
      'pelagos.dev/x': '1',
      'istio.io/rev': 'r',
      'cni.projectcalico.org/podIP': '1',
    },
    managedFields: [{}],
    ownerReferences: [
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'x-1', uid: 'o', controller: true, blockOwnerDeletion: true },
    ],
  },
  spec: {
    serviceAccountName: 'robot',
    nodeName: 'n',
    hostNetwork: true,
    volumes: [{ name: 'v' }],
    initContainers: [
      { name: 'istio-proxy', image: 'e', restartPolicy: 'Always', ports: [{ name: 'p', containerPort: 15090 }] },
    ],
    containers: [
      {
        name: 'app',
        image: 'i',
        env: [{ name: 'SECRET', value: 'hush' }],
        ports: [{ name: 'http', containerPort: 80, hostPort: 80 }],
      },
    ],
  },
  status: {
    phase: 'Running',
    podIP: '10.0.0.1',
    podIPs: [{ ip: '10.0.0.1' }],
    hostIP: '192.0.2.1',
    conditions: [
      { type: 'Ready', status: 'True', lastTransitionTime: 't' },
      { type: 'Initialized', status: 'True' },
    ],
    containerStatuses: [{}],
  },
};

test('of a pod stays what the mesh reads: who it is, where it is, whether it is ready, which ports it has', () => {
  const pod = projectPod(POD);
  assert.deepEqual(pod, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'pod',
      namespace: 'default',
      uid: 'u',
      creationTimestamp: '2026-01-01T00:00:00Z',
      deletionTimestamp: '2026-01-02T00:00:00Z',
      labels: { app: 'x' },
      annotations: { 'sidecar.istio.io/status': '{}', 'pelagos.dev/x': '1', 'istio.io/rev': 'r' },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'x-1', uid: 'o', controller: true }],
    },
    spec: {
      serviceAccountName: 'robot',
      nodeName: 'n',
      hostNetwork: true,
      containers: [{ name: 'app', ports: [{ name: 'http', containerPort: 80 }] }],
      initContainers: [{ name: 'istio-proxy', ports: [{ name: 'p', containerPort: 15090 }] }],
    },
    status: {
      phase: 'Running',
      podIP: '10.0.0.1',
      podIPs: [{ ip: '10.0.0.1' }],
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  });
  const { object, diagnostics } = parsed(pod);
  assert.equal(object?.kind, 'Pod');
  assert.deepEqual(diagnostics, []);
});

test('of a node stays where it is', () => {
  const node = projectNode({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: 'n',
      labels: { 'topology.kubernetes.io/zone': 'z', 'topology.istio.io/subzone': 's', gpu: 'yes' },
    },
    status: { conditions: [{ type: 'Ready', lastHeartbeatTime: 'now' }] },
  });
  assert.deepEqual(node, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: 'n',
      labels: { 'topology.kubernetes.io/zone': 'z', 'topology.istio.io/subzone': 's' },
      annotations: {},
    },
  });
  assert.deepEqual(parsed(node).diagnostics, []);
});

test('a slice without ports, which Kubernetes writes as null, is a slice', () => {
  const slice = projectSlice({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 's', namespace: 'default', labels: { 'kubernetes.io/service-name': 'x' } },
    addressType: 'IPv4',
    endpoints: [
      { addresses: ['10.0.0.1'], hints: {}, targetRef: { kind: 'Pod', name: 'p', namespace: 'default', uid: 'u' } },
    ],
    ports: null,
  });
  assert.deepEqual(slice['endpoints'], [
    { addresses: ['10.0.0.1'], targetRef: { kind: 'Pod', namespace: 'default', name: 'p' } },
  ]);
  assert.deepEqual(slice['ports'], []);
  assert.deepEqual(parsed(slice).diagnostics, []);
});

test('what odd servers send does not throw', () => {
  for (const body of [
    {},
    { metadata: null, spec: 7, status: [] },
    { metadata: { labels: 3, annotations: 'x' }, spec: { containers: {} } },
  ]) {
    for (const project of [projectPod, projectNode, projectSlice, projectSecret])
      assert.doesNotThrow(() => project(body));
  }
});
