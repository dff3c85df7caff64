/** A cluster's objects as an API server writes them, with all that nobody reads: managed fields, statuses, mounts. */
type Plain = Readonly<Record<string, unknown>>;

export interface ClusterObjects {
  readonly services: readonly Plain[];
  readonly endpointslices: readonly Plain[];
  readonly pods: readonly Plain[];
}

/** One service and one slice for each pod. */
export function clusterObjects(pods: number): ClusterObjects {
  const indexes = Array.from({ length: pods }, (_, index) => index);
  return {
    services: indexes.map(service),
    endpointslices: indexes.map(slice),
    pods: indexes.map((index) => pod(index, 1)),
  };
}

/** @param version the same pod with another one has another label. */
export function pod(index: number, version: number): Plain {
  const app = `app-${index}`;
  const container = {
    name: 'app',
    image: `registry.example.com/team/${app}:1.2.3`,
    ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
    env: Array.from({ length: 10 }, (_, each) => ({ name: `SETTING_${each}`, value: `value ${each} of ${app}` })),
    resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '100m', memory: '128Mi' } },
    volumeMounts: [{ name: 'token', readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }],
    livenessProbe: { httpGet: { path: '/live', port: 8080 }, periodSeconds: 10 },
    readinessProbe: { httpGet: { path: '/ready', port: 8080 }, periodSeconds: 5 },
  };
  const address = addressOf(index);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...metadata(index, version, `${app}-7d9f8c6b5-abcde`),
      labels: { app, version: `v${version}`, 'pod-template-hash': '7d9f8c6b5', 'security.istio.io/tlsMode': 'istio' },
      annotations: { 'sidecar.istio.io/status': '{}', 'checksum/config': 'f'.repeat(64) },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${app}-7d9f8c6b5`, uid: uid(index), controller: true },
      ],
    },
    spec: {
      serviceAccountName: app,
      nodeName: `node-${index % 100}`,
      containers: [container],
      initContainers: [{ ...container, name: 'istio-proxy' }],
      volumes: [
        {
          name: 'token',
          projected: { sources: [{ serviceAccountToken: { expirationSeconds: 3607, path: 'token' } }] },
        },
      ],
      tolerations: [
        { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
      ],
    },
    status: {
      phase: 'Running',
      podIP: address,
      podIPs: [{ ip: address }],
      conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({ type, status: 'True' })),
      containerStatuses: [
        { name: 'app', ready: true, restartCount: 0, imageID: 'sha256:'.padEnd(71, 'a'), state: { running: {} } },
      ],
    },
  };
}

function service(index: number): Plain {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { ...metadata(index, 1, `app-${index}`), labels: { app: `app-${index}` } },
    spec: {
      clusterIP: `10.96.${index >> 8}.${index & 255}`,
      clusterIPs: [`10.96.${index >> 8}.${index & 255}`],
      type: 'ClusterIP',
      selector: { app: `app-${index}` },
      ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }],
    },
    status: { loadBalancer: {} },
  };
}

function slice(index: number): Plain {
  const targetRef = {
    kind: 'Pod',
    namespace: namespaceOf(index),
    name: `app-${index}-7d9f8c6b5-abcde`,
    uid: uid(index),
  };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata(index, 1, `app-${index}-x7k2p`), labels: { 'kubernetes.io/service-name': `app-${index}` } },
    addressType: 'IPv4',
    endpoints: [
      {
        addresses: [addressOf(index)],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: `node-${index % 100}`,
        zone: `zone-${index % 3}`,
        targetRef,
      },
    ],
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  };
}

function metadata(index: number, version: number, name: string): Plain {
  const fields = Object.fromEntries(
    Array.from({ length: 25 }, (_, each) => [`f:field-${each}`, { 'f:name': {}, 'f:value': {} }]),
  );
  return {
    name,
    namespace: namespaceOf(index),
    uid: uid(index),
    resourceVersion: String(1_000_000 + version * 100_000 + index),
    creationTimestamp: '2026-01-01T00:00:00Z',
    managedFields: ['kube-controller-manager', 'kubelet'].map((manager) => ({
      manager,
      operation: 'Update',
      apiVersion: 'v1',
      time: '2026-01-01T00:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:metadata': fields },
    })),
  };
}

function namespaceOf(index: number): string {
  return `team-${index % 50}`;
}

function addressOf(index: number): string {
  return `10.${128 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;
}

function uid(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
}
