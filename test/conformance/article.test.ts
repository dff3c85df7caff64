import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseObject } from '../../src/config/index.ts';
import { formatDiagnostic } from '../../src/diagnostics/index.ts';
import type { ClusterId } from '../../src/model/index.ts';
import { parseManifest, readManifestFile, scanFolder } from '../../src/sources/index.ts';

const ARTICLE = process.env['PELAGOS_ARTICLE'] ?? join(import.meta.dirname, '../../../shared/article');
const REASON = 'the article is not on this machine (set PELAGOS_ARTICLE)';

/** Errors and warnings of a text of manifests. */
function complaints(file: string, text: string): string[] {
  const { documents, diagnostics } = parseManifest({ cluster: 'cluster1' as ClusterId, file, text });
  const objects = documents.flatMap((document) => document.objects);
  const all = [...diagnostics, ...objects.flatMap((object) => parseObject(object).diagnostics)];
  return all.filter(({ severity }) => severity !== 'info').map(formatDiagnostic);
}

test('every manifest of the article applies as written', { skip: !existsSync(ARTICLE) && REASON }, async () => {
  const { files } = await scanFolder(ARTICLE);
  const manifests = files.filter(({ file }) => !file.endsWith('-values.yaml'));
  assert.ok(manifests.length > 10);
  for (const { path, file } of manifests) {
    const { change } = await readManifestFile(path, file);
    assert.ok(change.kind === 'text');
    assert.deepEqual(complaints(file, change.text), []);
  }
});

/** The same kinds of objects in our own words: old API versions, a bare wildcard, wildcards in principals. */
const TWO_CLUSTERS = `
apiVersion: networking.istio.io/v1alpha3
kind: ServiceEntry
metadata: {name: east-services, namespace: shop}
spec:
  hosts: ["*.east"]
  ports: [{number: 8080, name: http-web, protocol: HTTP}]
  location: MESH_INTERNAL
  resolution: DNS
---
apiVersion: networking.istio.io/v1beta1
kind: VirtualService
metadata: {name: cart, namespace: shop}
spec:
  hosts: [cart.everywhere]
  http:
  - route:
    - {destination: {host: cart.east, port: {number: 8080}}, weight: 80}
    - {destination: {host: cart.west, port: {number: 8080}}, weight: 20}
---
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec:
  host: cart.east
  trafficPolicy: {loadBalancer: {simple: LEAST_REQUEST}}
  subsets: [{name: blue, labels: {colour: blue}}, {name: green, labels: {colour: green}}]
---
apiVersion: security.istio.io/v1beta1
kind: PeerAuthentication
metadata: {name: everybody, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1beta1
kind: AuthorizationPolicy
metadata: {name: readers, namespace: shop}
spec:
  selector: {matchLabels: {app: cart}}
  rules:
  - from: [{source: {principals: ["cluster.local/ns/shop/sa/*"]}}]
    to: [{operation: {methods: [GET]}}]
---
apiVersion: networking.istio.io/v1alpha3
kind: ServiceEntry
metadata: {name: bank, namespace: shop}
spec:
  hosts: [bank.outside]
  ports: [{number: 80, name: http, protocol: HTTP}]
  location: MESH_EXTERNAL
  resolution: DNS
  endpoints: [{address: api.bank.example.com, ports: {http: 80}}]
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: control-plane, namespace: monitoring}
spec: {endpoints: [{port: http-monitoring, interval: 15s}]}
---
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
metadata: {name: tracing, namespace: istio-system}
spec: {values: {pilot: {traceSampling: 1.0}}}
`;

test('a mesh of two clusters in the manner of the article applies as written', () => {
  assert.deepEqual(complaints('two-clusters.yaml', TWO_CLUSTERS), []);
});
