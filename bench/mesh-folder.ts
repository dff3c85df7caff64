import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Real services of the mesh that is measured: `server` (in both clusters, one service) and `bare.plain`. */
export const REAL_SERVICES = 2;

/**
 * Writes a fleet of two clusters: in cluster1 `client` and `server` in the mesh and `bare.plain` outside it, in cluster2
 * another `server`. @param services how many the mesh has in all; those beyond the real ones have no pods, but each has a
 * DestinationRule with subsets.
 */
export function writeMeshFolder(dir: string, services: number): void {
  const clusters = {
    cluster1: {
      'mesh.yaml': [namespace('default', 'enabled'), app('client', 'default'), app('server', 'default')],
      'plain.yaml': [namespace('plain', 'disabled'), app('bare', 'plain')],
      'change.yaml': [changeRule(0)],
      ...(services > REAL_SERVICES ? { 'many.yaml': manyServices(services - REAL_SERVICES) } : {}),
    },
    cluster2: { 'mesh.yaml': [namespace('default', 'enabled'), app('server', 'default')] },
  };
  for (const [cluster, files] of Object.entries(clusters)) {
    mkdirSync(join(dir, cluster), { recursive: true });
    for (const [file, documents] of Object.entries(files)) {
      writeFileSync(join(dir, cluster, file), `${documents.join('\n---\n')}\n`);
    }
  }
}

/** The response header by which a request tells which version of the rule it met. */
export const CHANGE_HEADER = 'x-bench-change';

/** Rewrites the rule in place, as many editors do. */
export function writeChange(dir: string, change: number): void {
  writeFileSync(join(dir, 'cluster1', 'change.yaml'), `${changeRule(change)}\n`);
}

function changeRule(change: number): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: change, namespace: default }
spec:
  hosts: [server]
  http:
  - headers: { response: { set: { ${CHANGE_HEADER}: "${change}" } } }
    route:
    - destination: { host: server, port: { number: 80 } }`;
}

/** The name of one of the services without pods. */
export function nameOfMany(index: number): string {
  return `service-${String(index).padStart(4, '0')}`;
}

function manyServices(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => {
    const name = nameOfMany(index);
    return `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: default }
spec:
  selector: { app: ${name} }
  ports:
  - { name: http, port: 80, targetPort: 8080 }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${name}, namespace: default }
spec:
  host: ${name}
  trafficPolicy:
    connectionPool: { http: { http2MaxRequests: 1000 } }
    outlierDetection: { consecutive5xxErrors: 5, interval: 10s }
  subsets:
  - { name: v1, labels: { version: v1 } }
  - { name: v2, labels: { version: v2 } }`;
  });
}

function namespace(name: string, injection: string): string {
  return `apiVersion: v1
kind: Namespace
metadata: { name: ${name}, labels: { istio-injection: ${injection} } }`;
}

/** A Deployment of one built-in echo server; all but `client` have a Service as well. */
function app(name: string, space: string): string {
  const service = `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${space} }
spec:
  selector: { app: ${name} }
  ports:
  - { name: http, port: 80, targetPort: 8080 }
---
`;
  return `${name === 'client' ? '' : service}apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${space} }
spec:
  replicas: 1
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name}, version: v1 } }
    spec:
      containers:
      - name: app
        image: example.test/echo:1
        ports:
        - { containerPort: 8080 }`;
}
