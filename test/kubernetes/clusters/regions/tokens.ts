import assert from 'node:assert/strict';
import { test } from 'node:test';
import { credentials, status } from '@grpc/grpc-js';
import { GrpcDeltaClient } from '../../../../src/xds/testing/grpc-delta-client.ts';
import type { Lab } from '../../harness/lab.ts';
import { EAST, WEST } from '../../harness/two-regions.ts';
import type { TwoRegions } from '../regions.test.ts';

const CLUSTERS = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';

/**
 * What the control plane of us-east says to a proxy that comes from anywhere through the east-west gateway, as proxies of a
 * remote cluster do.
 * @returns `admitted`, or why not.
 */
async function connect(lab: Lab, of: { readonly token: string; readonly cluster: string }): Promise<string> {
  const service = ['get', 'service', '-n', 'istio-system', 'istio-eastwestgateway'];
  const address = await lab.kubectl(EAST, ...service, '-o', 'jsonpath={.status.loadBalancer.ingress[0].ip}');
  const pem = '{.data.root-cert\\.pem}';
  const roots = await lab.kubectl(EAST, 'get', 'configmap', 'istio-ca-root-cert', '-o', `jsonpath=${pem}`);
  const client = new GrpcDeltaClient(`${address}:15012`, credentials.createSsl(Buffer.from(roots)), {
    token: of.token,
    serverName: 'istiod.istio-system.svc',
  });
  try {
    client.send({ node: { id: 'somebody', metadata: { CLUSTER_ID: of.cluster } }, typeUrl: CLUSTERS });
    await client.next();
    return 'admitted';
  } catch (error) {
    const { code, details } = error as { readonly code?: number; readonly details?: string };
    assert.equal(code, status.UNAUTHENTICATED, String(error));
    return details ?? '';
  } finally {
    client.close();
  }
}

export function tokenTests(get: () => TwoRegions): void {
  const podOf = (cluster: string): Promise<string> =>
    get().lab.kubectl(cluster, 'get', 'pods', '-l', 'app=service', '-o', 'jsonpath={.items[0].metadata.name}');
  const token = async (cluster: string, pod: string, audience: string): Promise<string> => {
    const bound = ['--bound-object-kind=Pod', `--bound-object-name=${pod}`, `--audience=${audience}`];
    return (await get().lab.kubectl(cluster, 'create', 'token', 'service', ...bound)).trim();
  };

  test('the control plane lets in who shows the token of a pod in the cluster that it says it is in', async () => {
    const { lab } = get();
    const [east, west] = [await podOf(EAST), await podOf(WEST)];
    const own = await token(EAST, east, 'istio-ca');
    assert.equal(await connect(lab, { token: own, cluster: EAST }), 'admitted');
    const foreign = await token(WEST, west, 'istio-ca');
    assert.notEqual(await connect(lab, { token: foreign, cluster: EAST }), 'admitted', 'a token of us-west');
    const elsewhere = await token(EAST, east, 'somebody-else');
    assert.match(await connect(lab, { token: elsewhere, cluster: EAST }), /audience/);
    assert.match(await connect(lab, { token: own, cluster: 'us-north' }), /not served/);
    assert.notEqual(await connect(lab, { token: 'rubbish', cluster: EAST }), 'admitted');
  });

  test('the token of a pod that is gone opens nothing', async () => {
    const { lab } = get();
    const spec = { apiVersion: 'v1', spec: { serviceAccountName: 'service', terminationGracePeriodSeconds: 0 } };
    const image = await lab.kubectl(EAST, 'get', 'deployment/service', '-o', 'jsonpath={..containers[0].image}');
    const run = ['run', 'short', `--image=${image}`, '--labels=sidecar.istio.io/inject=false'];
    await lab.kubectl(EAST, ...run, `--overrides=${JSON.stringify(spec)}`, '--command', '--', 'sleep', '600');
    const short = await token(EAST, 'short', 'istio-ca');
    await lab.eventually('it is known', async () => {
      assert.equal(await connect(lab, { token: short, cluster: EAST }), 'admitted');
    });
    await lab.kubectl(EAST, 'delete', 'pod', 'short', '--grace-period=0', '--force');
    await lab.eventually('it is forgotten', async () => {
      assert.notEqual(await connect(lab, { token: short, cluster: EAST }), 'admitted');
    });
  });
}
