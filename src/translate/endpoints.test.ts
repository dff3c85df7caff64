/** Which endpoints a client gets for a cluster, in which order, and how it reaches each. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toBinary } from '@bufbuild/protobuf';
import { Cluster_DiscoveryType } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { HealthStatus } from '../envoy/gen/envoy/config/core/v3/health_check_pb.ts';
import { ClusterLoadAssignmentSchema } from '../envoy/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { TYPE_URL } from '../envoy/index.ts';
import type { ClusterId } from '../model/index.ts';
import { eastWestText, istioText, podText, serviceText } from './testing/manifests.ts';
import { PaperMesh } from './testing/paper-mesh.ts';

const CLIENT = podText({ name: 'client', labels: { app: 'client' } });
const REVIEWS = 'outbound|80||reviews.default.svc.cluster.local';

function reviewsWith(endpoint: string): readonly string[] {
  const text = CLIENT + serviceText({ name: 'reviews', pods: { a: '10.1.0.1' }, endpoint });
  const mesh = new PaperMesh({ clusters: { cluster1: text } });
  return mesh.sidecar('cluster1/default/client').behind('reviews');
}

describe('EndpointSlices', () => {
  test('ready endpoints take traffic; unready and draining ones do not', () => {
    assert.deepEqual(reviewsWith(', conditions: {ready: true}'), ['10.1.0.1:8080']);
    assert.deepEqual(reviewsWith(''), ['10.1.0.1:8080']);
    assert.deepEqual(reviewsWith(', conditions: {ready: false}'), []);
    assert.deepEqual(reviewsWith(', conditions: {ready: false, serving: true, terminating: true}'), []);
  });

  test("the slice's port of the service port's name is dialled", () => {
    const text = `${CLIENT}---
{apiVersion: v1, kind: Service, metadata: {name: two, namespace: default}, spec: {ports: [{name: http, port: 80}, {name: http-admin, port: 81}]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, metadata: {name: two-a, namespace: default, labels: {kubernetes.io/service-name: two}},
 ports: [{name: http-admin, port: 9000}, {name: http, port: 8000}], endpoints: [{addresses: [10.1.0.1]}]}
`;
    const client = new PaperMesh({ clusters: { cluster1: text } }).sidecar('cluster1/default/client');
    assert.deepEqual(client.behind('two'), ['10.1.0.1:8000']);
    assert.deepEqual(client.behind('two:81'), ['10.1.0.1:9000']);
    assert.equal(client.host('two:82'), undefined);
  });

  test('an endpoint in two slices is one endpoint', () => {
    const again = `---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, metadata: {name: reviews-b, namespace: default, labels: {kubernetes.io/service-name: reviews}},
 ports: [{name: http, port: 8080}], endpoints: [{addresses: [10.1.0.1]}]}
`;
    const text = CLIENT + serviceText({ name: 'reviews', pods: { a: '10.1.0.1' } }) + again;
    const client = new PaperMesh({ clusters: { cluster1: text } }).sidecar('cluster1/default/client');
    assert.deepEqual(client.behind('reviews'), ['10.1.0.1:8080']);
  });
});

describe('ServiceEntries', () => {
  const entry = (spec: string): string =>
    istioText(
      'ServiceEntry',
      'pay',
      `{hosts: [pay.internal], location: MESH_INTERNAL, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8080}], ${spec}}`,
    );
  const behind = (text: string): readonly string[] =>
    new PaperMesh({ clusters: { cluster1: CLIENT + text } }).sidecar('cluster1/default/client').behind('pay.internal');

  test('endpoints as written, with the target port or one of their own', () => {
    const spec = 'resolution: STATIC, endpoints: [{address: 10.5.0.1}, {address: 10.5.0.2, ports: {http: 9090}}]';
    assert.deepEqual(behind(entry(spec)), ['10.5.0.1:8080', '10.5.0.2:9090']);
  });

  test('a selector takes WorkloadEntries and ready Pods with these labels', () => {
    const workload = istioText('WorkloadEntry', 'vm', '{address: 10.6.0.1, labels: {app: pay}}');
    const pods =
      podText({ name: 'p1', labels: { app: 'pay' }, ip: '10.1.0.1' }) +
      podText({ name: 'p2', labels: { app: 'other' }, ip: '10.1.0.2' }) +
      podText({ name: 'p3', labels: { app: 'pay' }, ip: '10.1.0.3' }).replace(
        'podIP',
        'conditions: [{type: Ready, status: "False"}], podIP',
      );
    const spec = 'resolution: STATIC, workloadSelector: {labels: {app: pay}}';
    assert.deepEqual(behind(entry(spec) + workload + pods), ['10.6.0.1:8080', '10.1.0.1:8080']);
  });

  test('a name among the addresses does not spoil the others', () => {
    const workloads =
      istioText('WorkloadEntry', 'a', '{address: 10.6.0.1, labels: {app: pay}}') +
      istioText('WorkloadEntry', 'b', '{address: vm.corp.net, labels: {app: pay}}');
    const spec = 'resolution: STATIC, workloadSelector: {labels: {app: pay}}';
    assert.deepEqual(behind(entry(spec) + workloads), ['10.6.0.1:8080']);
  });
});

describe('near and far', () => {
  const region = (node: string, name: string): string => `---
{apiVersion: v1, kind: Node, metadata: {name: ${node}, labels: {topology.kubernetes.io/region: ${name}}}}
`;
  const clusters = (mine: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
    cluster1: CLIENT + serviceText({ name: 'reviews', pods: mine }),
    cluster2:
      region('n2', 'west') + serviceText({ name: 'reviews', pods: { b: '10.2.0.1' }, endpoint: ', nodeName: n2' }),
    cluster3:
      region('n3', 'east') + serviceText({ name: 'reviews', pods: { c: '10.3.0.1' }, endpoint: ', nodeName: n3' }),
  });
  const priorities = (mesh: PaperMesh): readonly (readonly [string, number])[] =>
    mesh
      .sidecar('cluster1/default/client', [], 'east')
      .endpoints(REVIEWS)
      .map(({ at, priority }) => [at, priority] as const);

  test('own cluster, own region, the rest', () => {
    assert.deepEqual(priorities(new PaperMesh({ flat: true, clusters: clusters({ a: '10.1.0.1' }) })), [
      ['10.1.0.1:8080', 0],
      ['10.3.0.1:8080', 1],
      ['10.2.0.1:8080', 2],
    ]);
  });

  test('priorities have no gaps where the own cluster has none', () => {
    assert.deepEqual(priorities(new PaperMesh({ flat: true, clusters: clusters({}) })), [
      ['10.3.0.1:8080', 0],
      ['10.2.0.1:8080', 1],
    ]);
  });

  const ruled = (setting: string): readonly (readonly [string, number])[] => {
    const rule = istioText(
      'DestinationRule',
      'x',
      `{host: reviews, trafficPolicy: {loadBalancer: {localityLbSetting: ${setting}}, outlierDetection: {}}}`,
    );
    const all = clusters({ a: '10.1.0.1' });
    return priorities(new PaperMesh({ flat: true, clusters: { ...all, cluster1: `${all['cluster1']}${rule}` } }));
  };

  test('a DestinationRule switches it off, or orders by labels', () => {
    assert.deepEqual(new Set(ruled('{enabled: false}').map(([, priority]) => priority)), new Set([0]));
    assert.deepEqual(ruled('{failoverPriority: [topology.kubernetes.io/region]}'), [
      ['10.3.0.1:8080', 0],
      ['10.1.0.1:8080', 1],
      ['10.2.0.1:8080', 1],
    ]);
  });

  test('shares by region leave out regions without a share', () => {
    const found = ruled('{distribute: [{from: east, to: {east: 80, west: 20}}]}');
    assert.deepEqual(
      found.map(([at]) => at),
      ['10.3.0.1:8080', '10.2.0.1:8080'],
    );
  });
});

describe('a cluster that cannot be asked', () => {
  const CLUSTER2 = { id: 'cluster2' as ClusterId, network: '' } as const;
  const mesh = new PaperMesh({
    clusters: {
      cluster1: CLIENT + serviceText({ name: 'reviews', pods: { a: '10.1.0.1' } }),
      cluster2: CLIENT + serviceText({ name: 'reviews', pods: { b: '10.2.0.1' } }),
    },
    flat: true,
  });
  const healths = (cluster: string): readonly string[] =>
    (mesh.sidecar(`${cluster}/default/client`).assignment(REVIEWS)?.endpoints ?? []).flatMap(({ lbEndpoints }) =>
      lbEndpoints.map(({ healthStatus }) => (healthStatus === HealthStatus.DEGRADED ? 'last' : 'usual')),
    );

  test('is called last by others, and in the end not at all; its own clients stay at home', () => {
    mesh.plane.mesh.setMember({ ...CLUSTER2, contact: 'stale' });
    assert.deepEqual(healths('cluster1'), ['usual', 'last']);
    assert.deepEqual(healths('cluster2'), ['usual', 'usual']);
    mesh.plane.mesh.setMember({ ...CLUSTER2, contact: 'lost' });
    assert.deepEqual(healths('cluster1'), ['usual']);
    assert.deepEqual(healths('cluster2'), ['usual', 'usual']);
  });
});

describe('other networks', () => {
  const mesh = new PaperMesh({
    clusters: {
      cluster1:
        CLIENT + serviceText({ name: 'reviews', pods: { a: '10.1.0.1' } }) + eastWestText('cluster1', '1.1.1.1'),
      cluster2:
        serviceText({ name: 'reviews', pods: { b: '10.1.0.1', c: '10.1.0.2' } }) + eastWestText('cluster2', '2.2.2.2'),
      cluster3: serviceText({ name: 'reviews', pods: { d: '10.3.0.1' } }),
    },
  });
  const client = mesh.sidecar('cluster1/default/client');

  test('each pod is an endpoint of its own, behind its network, under its own name; no gateway, no way', () => {
    assert.deepEqual(client.endpoints(REVIEWS), [
      { at: '10.1.0.1:8080', sni: 'outbound_.80_._.reviews.default.svc.cluster.local', priority: 0, mtls: true },
      {
        at: 'network|cluster2 cluster2/default/b:8080',
        sni: 'outbound_.80_._.b.reviews.default.cluster2',
        priority: 1,
        mtls: true,
      },
      {
        at: 'network|cluster2 cluster2/default/c:8080',
        sni: 'outbound_.80_._.c.reviews.default.cluster2',
        priority: 1,
        mtls: true,
      },
    ]);
  });

  test('the way into the network is a listener and a cluster of every proxy', () => {
    assert.ok(client.names(TYPE_URL.LDS).includes('network|cluster2'));
    assert.deepEqual(
      client.endpoints('network|cluster2').map(({ at }) => at),
      ['2.2.2.2:15443'],
    );
    assert.equal(client.cluster('network|cluster2')?.edsClusterConfig?.serviceName, 'network|cluster2');
  });

  test('while a gateway is being ended, the pods behind it are other endpoints, so that clients leave it', () => {
    const slice = (conditions: string): string => `---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, metadata: {name: eastwest-a, namespace: istio-system, labels: {kubernetes.io/service-name: eastwest}},
 ports: [{name: tls, port: 15443}], endpoints: [{addresses: [10.1.0.9], conditions: ${conditions}, targetRef: {kind: Pod, namespace: istio-system, name: gw}}]}
`;
    const behind = (): readonly string[] => client.behind('reviews').slice(1);
    const usual = behind();
    mesh.apply('cluster2', slice('{ready: true}'));
    assert.deepEqual(behind(), usual);
    mesh.apply('cluster2', slice('{ready: false, serving: true, terminating: true}'));
    assert.deepEqual(
      behind(),
      usual.map((at) => `${at} without cluster2/gw`),
    );
    mesh.apply('cluster2', slice('{ready: false, serving: false, terminating: true}'));
    assert.deepEqual(behind(), usual);
  });

  test('a load balancer that has only a name is looked up', () => {
    const text = eastWestText('cluster2', '2.2.2.2')
      .replace('{ip: 2.2.2.2}', '{hostname: lb.example.net}')
      .replace('cluster2', 'cluster2');
    const named = new PaperMesh({ clusters: { cluster1: CLIENT, cluster2: text } }).sidecar('cluster1/default/client');
    const type = named.cluster('network|cluster2')?.clusterDiscoveryType;
    assert.equal(type?.value, Cluster_DiscoveryType.STRICT_DNS);
  });

  test('a pod without a proxy cannot be reached across networks', () => {
    mesh.apply(
      'cluster2',
      podText({ name: 'b', ip: '10.1.0.1' }).replace('"security.istio.io/tlsMode":"istio"', '"x":"y"'),
    );
    assert.deepEqual(client.behind('reviews'), ['10.1.0.1:8080', 'network|cluster2 cluster2/default/c:8080']);
  });
});

test('joined bytes are the bytes that the encoder writes', () => {
  const text = CLIENT + serviceText({ name: 'reviews', pods: { a: '10.1.0.1', b: '10.1.0.2' } });
  const client = new PaperMesh({ clusters: { cluster1: text } }).sidecar('cluster1/default/client');
  const message = client.assignment(REVIEWS);
  assert.ok(message);
  assert.deepEqual(
    Buffer.from(toBinary(ClusterLoadAssignmentSchema, message)),
    Buffer.from(client.resource(TYPE_URL.EDS, REVIEWS)?.bytes ?? []),
  );
});
