/** What the test of pods puts into its cluster. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IMAGE } from '../../harness/lab.ts';

/** A key with its certificate, both in PEM. */
export interface KeyPair {
  readonly key: string;
  readonly certificate: string;
}

export type Json = Readonly<Record<string, unknown>>;

/** `shop` has sidecars; `revised` too, by a revision; `legacy` has none; `refused` says that it wants none. */
export const NAMESPACES: Readonly<Record<string, Json>> = {
  shop: { 'istio-injection': 'enabled' },
  revised: { 'istio.io/rev': 'default' },
  legacy: {},
  refused: { 'istio-injection': 'disabled' },
  edge: {},
  canary: { 'istio.io/rev': 'canary' },
};

export interface PodSpec {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Json;
  readonly annotations?: Json;
  /** Of the application's container. */
  readonly container?: Json;
  /** More of the pod's spec. */
  readonly spec?: Json;
}

/** What all containers of the tests have: our image, which has a shell, curl and Node in it. */
export function container(name: string, more: Json): Json {
  return { name, image: IMAGE, ...more };
}

function template({ name, labels, annotations, container: more = {}, spec }: PodSpec): Json {
  const fieldRef = { fieldPath: 'metadata.name' };
  const app = container('app', {
    command: ['node', '/app-files/app.mts'],
    volumeMounts: [{ name: 'files', mountPath: '/app-files' }],
    ...more,
    env: [{ name: 'POD_NAME', valueFrom: { fieldRef } }, ...((more['env'] as Json[] | undefined) ?? [])],
  });
  return {
    metadata: { labels: { app: name, ...labels }, ...(annotations ? { annotations } : {}) },
    spec: {
      serviceAccountName: name,
      terminationGracePeriodSeconds: 10,
      containers: [app],
      volumes: [{ name: 'files', configMap: { name: 'app' } }],
      ...spec,
    },
  };
}

export function pod(of: PodSpec): Json {
  const { metadata, spec } = template(of) as { metadata: Json; spec: Json };
  const { serviceAccountName: _own, ...rest } = spec;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name: of.name, namespace: of.namespace },
    spec: rest,
  };
}

export function workload(kind: 'Deployment' | 'StatefulSet', of: PodSpec, more: Json = {}): readonly Json[] {
  const { name, namespace } = of;
  const metadata = { name, namespace };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    {
      apiVersion: 'apps/v1',
      kind,
      metadata,
      spec: { selector: { matchLabels: { app: name } }, template: template(of), ...more },
    },
  ];
}

/** @param ports `name:port:target`, the name may be empty. */
export function service(
  namespace: string,
  name: string,
  of: { app: string; ports: readonly string[]; more?: Json },
): Json {
  const ports = of.ports.map((text) => {
    const [portName = '', port, target] = text.split(':');
    return { ...(portName ? { name: portName } : {}), port: Number(port), targetPort: Number(target) };
  });
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector: { app: of.app }, ports, ...of.more },
  };
}

export function istio(kind: string, namespace: string, name: string, spec: Json): Json {
  const group = kind.endsWith('Authentication') || kind.endsWith('Policy') ? 'security' : 'networking';
  return { apiVersion: `${group}.istio.io/v1`, kind, metadata: { name, namespace }, spec };
}

export function list(items: readonly Json[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

export function namespaces(tls: KeyPair): readonly Json[] {
  const data = {
    'app.mts': readFileSync(join(import.meta.dirname, 'app.ts'), 'utf8'),
    'key.pem': tls.key,
    'cert.pem': tls.certificate,
  };
  return Object.entries(NAMESPACES).flatMap(([name, labels]) => [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'app', namespace: name }, data },
  ]);
}

const HEALTH = { path: '/healthz', port: 8080 };

/** Every kind of probe, each of which fails when the application says that it is unwell. */
const PROBED: Json = {
  env: [{ name: 'LISTEN', value: '8080:http,8081:http,8086:h2,3306:greet,3307:echo,9443:tls' }],
  ports: [{ name: 'web', containerPort: 8080 }],
  startupProbe: { tcpSocket: { port: 3306 }, periodSeconds: 1, failureThreshold: 60 },
  readinessProbe: { httpGet: { ...HEALTH, port: 'web' }, periodSeconds: 1 },
  livenessProbe: { grpc: { port: 8086 }, periodSeconds: 2, failureThreshold: 30 },
};

/** In a namespace of another control plane. */
export const CANARY: readonly Json[] = [
  ...workload('Deployment', {
    name: 'bird',
    namespace: 'canary',
    container: {
      env: [{ name: 'LISTEN', value: '8080:http' }],
      readinessProbe: { httpGet: { ...HEALTH }, periodSeconds: 1 },
    },
  }),
  service('canary', 'bird', { app: 'bird', ports: ['http:80:8080'] }),
];

export const SERVER: PodSpec = { name: 'server', namespace: 'shop', container: PROBED };

/** Calls out as the first and as the last thing that it does. */
const BUSY = `const call = async (path) => console.log(path, (await fetch('http://web' + path)).status);
process.on('SIGTERM', async () => { await call('/last'); process.exit(0); });
setInterval(() => undefined, 1000);
await call('/first');`;

/** @param outsidePort of the server outside of the cluster. */
export function workloads(outsidePort: number): readonly Json[] {
  const http = { env: [{ name: 'LISTEN', value: '8080:http,8081:http,3306:greet' }] };
  const ready = { readinessProbe: { httpGet: HEALTH, periodSeconds: 1 } };
  const apart = {
    'traffic.sidecar.istio.io/excludeInboundPorts': '8081',
    'traffic.sidecar.istio.io/excludeOutboundPorts': String(outsidePort),
  };
  return [
    ...workload('Deployment', SERVER),
    ...workload('Deployment', { name: 'client', namespace: 'shop', container: { ...http, ...ready } }),
    ...workload('Deployment', {
      name: 'apart',
      namespace: 'shop',
      annotations: apart,
      container: { ...http, ...ready },
    }),
    ...workload('Deployment', {
      name: 'unwell',
      namespace: 'shop',
      container: { ...PROBED, livenessProbe: undefined },
    }),
    ...workload('Deployment', {
      name: 'by-command',
      namespace: 'shop',
      container: {
        ...http,
        readinessProbe: { exec: { command: ['curl', '-sSf', 'http://127.0.0.1:8080/healthz'] }, periodSeconds: 1 },
      },
    }),
    ...workload(
      'StatefulSet',
      { name: 'set', namespace: 'shop', container: { ...http, ...ready } },
      { serviceName: 'set', replicas: 2, podManagementPolicy: 'Parallel' },
    ),
    ...workload('Deployment', { name: 'plain', namespace: 'legacy', container: { ...http, ...ready } }),
    ...workload('Deployment', { name: 'new', namespace: 'revised', container: { ...http, ...ready } }),
    service('shop', 'web', { app: 'server', ports: ['http:80:8080', 'http-too:18080:8080'] }),
    service('shop', 'found-out', { app: 'server', ports: [':7070:8081'] }),
    service('shop', 'greets', { app: 'server', ports: ['tcp:5000:3306'] }),
    service('shop', 'echoes', { app: 'server', ports: ['tcp:5001:3307'] }),
    service('shop', 'shared-http', { app: 'server', ports: ['http:9000:8080'] }),
    service('shop', 'shared-tcp', { app: 'server', ports: ['tcp:9000:3306'] }),
    service('shop', 'secure', { app: 'server', ports: ['https:443:9443'] }),
    service('shop', 'speaks-grpc', { app: 'server', ports: ['grpc:50051:8086'] }),
    service('shop', 'set', { app: 'set', ports: ['http:8080:8080'], more: { clusterIP: 'None' } }),
    service('legacy', 'plain', { app: 'plain', ports: ['http:80:8080', 'tcp:3306:3306'] }),
    service('revised', 'new', { app: 'new', ports: ['http:80:8080'] }),
  ];
}

const call = (path: string): string => `curl -sSf -m 10 http://web${path}`;
/** Calls out in an init container, as its first and as its last act. */
const JOB: Json = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'job', namespace: 'shop' },
  spec: {
    backoffLimit: 0,
    template: {
      spec: {
        restartPolicy: 'Never',
        initContainers: [container('prepare', { command: ['sh', '-c', call('/job-prepare')] })],
        containers: [
          container('job', { command: ['sh', '-c', `${call('/job-first')} && sleep 1 && ${call('/job-last')}`] }),
        ],
      },
    },
  },
};

/** These call the server as soon as they start. */
export const CALLERS: readonly Json[] = [
  ...workload('Deployment', {
    name: 'busy',
    namespace: 'shop',
    container: { command: ['node', '--input-type=module', '-e', BUSY] },
  }),
  JOB,
];
