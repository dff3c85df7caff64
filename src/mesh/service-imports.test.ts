/** Which services of other clusters a cluster gets a name for, and that such names import nothing themselves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterId } from '../model/index.ts';
import { serviceText } from '../translate/testing/manifests.ts';
import { PaperMesh } from '../translate/testing/paper-mesh.ts';

const ONE = 'cluster1' as ClusterId;
const TWO = 'cluster2' as ClusterId;

const namespace = (name: string, labels = '{}'): string =>
  `---\n{apiVersion: v1, kind: Namespace, metadata: {name: ${name}, labels: ${labels}}}\n`;
const stub = (name: string, more = ''): string => `---
{apiVersion: v1, kind: Service, metadata: {name: ${name}, namespace: default, labels: {pelagos.dev/imported: "true"}},
 spec: {${more} clusterIP: 10.96.0.9, ports: [{name: http, port: 80}]}}
`;

function wanted(mesh: PaperMesh, cluster: ClusterId): readonly string[] {
  return mesh.plane.mesh.imports.wanted(cluster).map((service) => `${service.namespace}/${service.name}`);
}

test('what only others have, in namespaces that are there, with its ports', () => {
  const mesh = new PaperMesh({
    clusters: {
      cluster1:
        namespace('default') + namespace('closed', '{pelagos.dev/import: "false"}') + serviceText({ name: 'both' }),
      cluster2:
        namespace('default') +
        serviceText({ name: 'both' }) +
        serviceText({ name: 'far', port: 81, portName: 'grpc-x' }) +
        serviceText({ name: 'elsewhere', namespace: 'shop' }) +
        serviceText({ name: 'secret', namespace: 'closed' }) +
        serviceText({ name: 'hidden', exportTo: '~' }) +
        serviceText({ name: 'kubernetes' }) +
        serviceText({ name: 'coredns', namespace: 'kube-system' }) +
        serviceText({ name: 'db', headless: true }),
    },
  });
  assert.deepEqual(mesh.plane.mesh.imports.wanted(ONE), [
    { namespace: 'default', name: 'far', ports: [{ name: 'grpc-x', port: 81, protocol: 'TCP' }] },
  ]);
  assert.deepEqual(wanted(mesh, TWO), []);
});

test('two clusters that have each other’s names import nothing from those, and give up what is gone', () => {
  const far = serviceText({ name: 'far' });
  const mesh = new PaperMesh({
    clusters: { cluster1: namespace('default') + stub('far'), cluster2: namespace('default') + far },
  });
  assert.deepEqual(wanted(mesh, ONE), ['default/far']);
  assert.deepEqual(wanted(mesh, TWO), []);
  assert.equal(mesh.plane.mesh.imports.present(ONE).length, 1);
  mesh.delete('cluster2', far);
  assert.deepEqual([wanted(mesh, ONE), wanted(mesh, TWO)], [[], []]);
});

test('a name that somebody gives pods becomes a service of its own', () => {
  const mesh = new PaperMesh({
    clusters: {
      cluster1: namespace('default') + stub('far', 'selector: {app: far},'),
      cluster2: namespace('default') + serviceText({ name: 'far' }),
      cluster3: namespace('default'),
    },
  });
  assert.deepEqual(wanted(mesh, ONE), []);
  assert.deepEqual(mesh.plane.mesh.imports.present(ONE), []);
  assert.deepEqual(wanted(mesh, 'cluster3' as ClusterId), ['default/far']);
});
