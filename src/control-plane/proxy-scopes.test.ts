import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseObject } from '../config/index.ts';
import { Mesh } from '../mesh/index.ts';
import { type ClusterId, DEFAULT_MESH_CONFIG, type Locality, NO_LOCALITY } from '../model/index.ts';
import { objectsOf } from '../translate/testing/paper-mesh.ts';
import { ProxyScopes } from './proxy-scopes.ts';

const CLUSTER = 'cluster1' as ClusterId;
const TEXT = `---
{apiVersion: v1, kind: Node, metadata: {name: node-1, labels: {topology.kubernetes.io/region: us-east, topology.kubernetes.io/zone: us-east-1}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: default}, spec: {nodeName: node-1, containers: [{name: app}]},
 status: {podIP: 10.1.0.1, podIPs: [{ip: 10.1.0.1}, {ip: 'fd00::1'}]}}
`;

function localityOf(said: Locality): Locality | undefined {
  const mesh = new Mesh({ home: CLUSTER, config: DEFAULT_MESH_CONFIG });
  mesh.setMember({ id: CLUSTER, network: '' });
  mesh.apply({ set: objectsOf(CLUSTER, TEXT).flatMap((raw) => parseObject(raw).object ?? []), deleted: [] });
  const node = { id: 'sidecar~10.1.0.1~web.default~x', locality: said, metadata: {} };
  const scope = new ProxyScopes(mesh).get({
    cluster: CLUSTER,
    namespace: 'default',
    pod: 'web',
    podUid: '',
    serviceAccount: 'default',
    node,
  });
  assert.deepEqual(scope?.addresses, ['10.1.0.1', 'fd00::1']);
  return scope?.client.locality;
}

test("a proxy that does not know where it runs is where its pod's node is", () => {
  assert.deepEqual(localityOf(NO_LOCALITY), { region: 'us-east', zone: 'us-east-1', subzone: '' });
});

test('a proxy that says where it runs is believed', () => {
  assert.deepEqual(localityOf({ ...NO_LOCALITY, region: 'eu' }), { ...NO_LOCALITY, region: 'eu' });
});
