/** What a member may bring into the mesh. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Mesh } from '../mesh/index.ts';
import { type ClusterId, DEFAULT_MESH_CONFIG, parseHostname } from '../model/index.ts';
import { istioText, serviceText } from '../translate/testing/manifests.ts';
import { objectsOf } from '../translate/testing/paper-mesh.ts';
import { Ingest } from './ingest.ts';

const [ONE, TWO] = ['cluster1' as ClusterId, 'cluster2' as ClusterId];

test('a neighbour speaks for itself only: neither for other clusters nor by rules', () => {
  const mesh = new Mesh({ home: ONE, config: DEFAULT_MESH_CONFIG });
  for (const id of [ONE, TWO]) mesh.setMember({ id, network: '' });
  const neighbour = new Ingest(mesh, { cluster: TWO, withConfig: false, onChange: () => {} });
  const rule = istioText(
    'ServiceEntry',
    'x',
    '{hosts: [pay.internal], ports: [{number: 80, name: http}], resolution: STATIC, endpoints: [{address: 10.6.6.6}]}',
  );
  const objects = [
    ...objectsOf(ONE, serviceText({ name: 'stolen' }) + rule),
    ...objectsOf(TWO, serviceText({ name: 'own' }) + rule),
  ];
  neighbour.apply({ set: objects, deleted: [], diagnostics: [] });
  assert.equal(mesh.hosts.resolve('default', parseHostname('stolen')), undefined);
  assert.equal(mesh.hosts.resolve('default', parseHostname('pay.internal')), undefined);
  assert.deepEqual(
    mesh.hosts.resolve('default', parseHostname('own'))?.origins.map(({ cluster }) => cluster),
    [TWO],
  );
});
