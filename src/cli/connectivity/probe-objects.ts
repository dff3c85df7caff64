/** The pod and Service that are made in a cluster to measure from and to, and removed again. Pure. */
import type { KubernetesObject } from '../../kubernetes-api/index.ts';

/** Beyond this a forgotten pod is ended by its kubelet. */
const LIFETIME_SECONDS = 900;
const PORT = 8080;
export const PROBE_CONTAINER = 'probe';

/** Answers with what it was called with: the identity of the caller, as the proxy in front of it has verified it. */
const SERVER = `require('http').createServer((request, response) => {
  response.end(JSON.stringify({ cluster: process.env.CLUSTER, caller: request.headers['x-forwarded-client-cert'] || '' }) + '\\n');
}).listen(${PORT});`;

export interface ProbeSpec {
  /** Of the pod and the Service; distinct for every run. */
  readonly name: string;
  readonly namespace: string;
  /** The cluster's name in the mesh. */
  readonly cluster: string;
  /** The image of the mesh, which has node and curl. */
  readonly image: string;
  readonly revision: string | undefined;
}

export function probeService({ name, namespace }: ProbeSpec): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels: { app: name } },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: PORT }] },
  };
}

/** It asks for a proxy by its label, also where its namespace is not labelled. It runs as nobody in particular. */
export function probePod({ name, namespace, cluster, image, revision }: ProbeSpec): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: {
        app: name,
        'sidecar.istio.io/inject': 'true',
        ...(revision === undefined ? {} : { 'istio.io/rev': revision }),
      },
    },
    spec: {
      serviceAccountName: 'default',
      activeDeadlineSeconds: LIFETIME_SECONDS,
      terminationGracePeriodSeconds: 1,
      securityContext: { runAsNonRoot: true, runAsUser: 65_534, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: PROBE_CONTAINER,
          image,
          command: ['node', '-e', SERVER],
          env: [{ name: 'CLUSTER', value: cluster }],
          ports: [{ containerPort: PORT }],
          readinessProbe: { httpGet: { path: '/', port: PORT }, periodSeconds: 1 },
          resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '128Mi' } },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ],
    },
  };
}
