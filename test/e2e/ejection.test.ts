/**
 * An endpoint that nobody told to be dead: Envoy alone finds out, and ejects it alone, although it stands behind the same
 * gateway as the one that lives. The control plane cannot help: a hand-made EndpointSlice says that both are ready.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertAllOk, countBy } from './harness/answer.ts';
import { eventually } from './harness/eventually.ts';
import { useFleet } from './harness/test-fleet.ts';

const SERVICE = `apiVersion: v1
kind: Service
metadata: {name: half}
spec:
  ports: [{name: http, port: 80}]
`;

/** A slice that leads to a port of a pod, whether somebody listens there or not. */
function slice(pod: { readonly name: string; readonly address: string }, port: number): string {
  return `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: half-${pod.name}, labels: {kubernetes.io/service-name: half}}
addressType: IPv4
endpoints:
- addresses: ['${pod.address}']
  conditions: {ready: true}
  targetRef: {kind: Pod, namespace: default, name: ${pod.name}}
ports: [{name: http, port: ${port}}]
`;
}

describe('an endpoint that cannot be reached', () => {
  const fleet = useFleet({ example: 'two-clusters' });

  test('is ejected alone, and no call is lost', async () => {
    const [living, dead] = await fleet.pods('cluster2', 'deployment/service');
    assert.ok(living && dead);
    await fleet.apply('cluster2', [SERVICE, slice(living, 8080), slice(dead, 9)].join('---\n'));
    const answers = await fleet.call({ cluster: 'cluster1' }, { url: 'http://half.cluster2', count: 200 });
    assertAllOk(answers);
    assert.deepEqual(countBy(answers, 'pod'), { [living.name]: 200 });
    await eventually('the dead endpoint, ejected, and the living one, not', async () => {
      await fleet.call({ cluster: 'cluster1' }, { url: 'http://half.cluster2', count: 20 });
      const rows = (await fleet.ok(['proxy-config', 'endpoints', '--context', 'cluster1', 'deployment/service']))
        .split('\n')
        .filter((row) => row.includes('outbound|80||half.cluster2'));
      const failed = rows.filter((row) => row.includes('FAILED')).map((row) => row.includes(`${dead.name}:9`));
      return rows.length === 2 && failed.length === 1 && failed[0] === true;
    });
  });
});
