/** What every form of host name in the design's table reaches, through the host's route and cluster. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eastWestText, istioText, podText, serviceText } from '../translate/testing/manifests.ts';
import { PaperMesh } from '../translate/testing/paper-mesh.ts';

const CLIENT = podText({ name: 'client', labels: { app: 'client' } });

/** Two clusters in one network, both with `reviews` in default; only cluster2 has `ratings` and the headless `db`. */
function twoClusters(more = '', there = ''): PaperMesh {
  return new PaperMesh({
    flat: true,
    clusters: {
      cluster1: CLIENT + serviceText({ name: 'reviews', pods: { r1: '10.1.0.1' } }) + more,
      cluster2:
        serviceText({ name: 'reviews', pods: { r2: '10.2.0.1' } }) +
        serviceText({ name: 'ratings', namespace: 'shop', pods: { s2: '10.2.0.2' } }) +
        serviceText({ name: 'db', pods: { 'db-0': '10.2.0.3', 'db-1': '10.2.0.4' }, headless: true }) +
        there,
    },
  });
}

describe('host names', () => {
  const mesh = twoClusters();
  const client = mesh.sidecar('cluster1/default/client');

  for (const host of ['reviews', 'reviews.default', 'reviews.default.svc', 'reviews.default.svc.cluster.local']) {
    test(`${host}: the service in every cluster, the own cluster's endpoints first`, () => {
      const endpoints = client.endpoints(client.clusterOf(host) ?? '').map(({ at, priority }) => [at, priority]);
      assert.deepEqual(endpoints, [
        ['10.1.0.1:8080', 0],
        ['10.2.0.1:8080', 1],
      ]);
    });
  }

  test("a cluster at the end means that cluster only, in the namespace given or the caller's", () => {
    assert.deepEqual(client.behind('reviews.cluster2'), ['10.2.0.1:8080']);
    assert.deepEqual(client.behind('reviews.cluster1'), ['10.1.0.1:8080']);
    assert.deepEqual(client.behind('ratings.shop.cluster2'), ['10.2.0.2:8080']);
    assert.equal(client.host('ratings.cluster2'), undefined);
    assert.equal(client.host('ratings.shop.cluster1'), undefined);
    assert.equal(client.host('reviews.default.cluster3'), undefined);
  });

  test('one pod of a headless service, from any cluster', () => {
    assert.deepEqual(client.behind('db-1.db.default.cluster2'), ['10.2.0.4:8080']);
    assert.deepEqual(client.behind('db-0.db.default.svc.cluster.local'), ['10.2.0.3:8080']);
    assert.deepEqual(client.behind('db.default.cluster2'), ['10.2.0.3:8080', '10.2.0.4:8080']);
  });

  test("a name with .svc inside, not at its end, is no pod's", () => {
    const meshed = twoClusters(serviceText({ name: 'svc-db', pods: { p: '10.1.0.9' }, headless: true }));
    assert.equal(meshed.sidecar('cluster1/default/client').host('p.svc-db.default'), undefined);
  });

  test('names compare without case', () => {
    assert.deepEqual(client.behind('Reviews.Cluster2'), ['10.2.0.1:8080']);
  });
});

describe('names with a ServiceEntry', () => {
  const importOf = (namespace: string): string =>
    istioText(
      'ServiceEntry',
      'cluster2-services',
      '{hosts: ["*.cluster2"], ports: [{number: 80, name: http, protocol: HTTP}], location: MESH_INTERNAL, resolution: DNS}',
      namespace,
    );

  test('the namespace of svc.<cluster> is that of the ServiceEntry which covers the name', () => {
    const client = twoClusters(importOf('shop')).sidecar('cluster1/default/client');
    assert.deepEqual(client.behind('ratings.cluster2'), ['10.2.0.2:8080']);
    assert.equal(client.host('reviews.cluster2'), undefined);
  });

  test("a name under an import that no service answers to is nobody's", () => {
    const client = twoClusters(importOf('default')).sidecar('cluster1/default/client');
    assert.equal(client.host('nobody.cluster2'), undefined);
  });

  test('an exact host goes before every other meaning of the name', () => {
    const entry = istioText(
      'ServiceEntry',
      'own',
      '{hosts: [reviews.cluster2], ports: [{number: 80, name: http, protocol: HTTP}], resolution: STATIC, location: MESH_INTERNAL, endpoints: [{address: 10.7.7.7}]}',
    );
    assert.deepEqual(twoClusters(entry).sidecar('cluster1/default/client').behind('reviews.cluster2'), ['10.7.7.7:80']);
  });

  test('a namespace named as a cluster: the Kubernetes service of that namespace goes first', () => {
    const there = serviceText({ name: 'reviews', namespace: 'cluster2', pods: { x: '10.1.0.8' } });
    assert.deepEqual(twoClusters(there).sidecar('cluster1/default/client').behind('reviews.cluster2'), [
      '10.1.0.8:8080',
    ]);
  });

  test('of wildcards the longest covers a name', () => {
    const wildcard = (name: string, host: string, ip: string): string =>
      istioText(
        'ServiceEntry',
        name,
        `{hosts: ["${host}"], ports: [{number: 80, name: http, protocol: HTTP}], resolution: STATIC, location: MESH_INTERNAL, endpoints: [{address: ${ip}}]}`,
      );
    const client = twoClusters(
      wildcard('short', '*.corp.net', '10.5.0.1') + wildcard('long', '*.eu.corp.net', '10.5.0.2'),
    ).sidecar('cluster1/default/client');
    assert.deepEqual(client.behind('a.eu.corp.net'), ['10.5.0.2:80']);
    assert.deepEqual(client.behind('a.us.corp.net'), ['10.5.0.1:80']);
  });
});

describe('services that clusters export to each other', () => {
  const exported = (namespace: string, name: string): string => `---
{apiVersion: multicluster.x-k8s.io/v1alpha1, kind: ServiceExport, metadata: {name: ${name}, namespace: ${namespace}}}
`;

  test('svc.ns.svc.clusterset.local: the endpoints of exporting clusters only', () => {
    const client = twoClusters('', exported('default', 'reviews')).sidecar('cluster1/default/client');
    assert.deepEqual(client.behind('reviews.default.svc.clusterset.local'), ['10.2.0.1:8080']);
    assert.deepEqual(client.behind('cluster2.reviews.default.svc.clusterset.local'), ['10.2.0.1:8080']);
    assert.equal(client.host('cluster1.reviews.default.svc.clusterset.local'), undefined);
    assert.equal(client.host('ratings.shop.svc.clusterset.local'), undefined);
  });

  test('one pod of an exported headless service', () => {
    const client = twoClusters('', exported('default', 'db')).sidecar('cluster1/default/client');
    assert.deepEqual(client.behind('db-0.cluster2.db.default.svc.clusterset.local'), ['10.2.0.3:8080']);
  });
});

describe('aliases and names of rules', () => {
  const alias = (name: string, to: string): string => `---
{apiVersion: v1, kind: Service, metadata: {name: ${name}, namespace: default}, spec: {type: ExternalName, externalName: ${to}}}
`;

  test('an ExternalName stands for a service of the mesh, over several steps', () => {
    const client = twoClusters(
      alias('a', 'b.default.svc.cluster.local') + alias('b', 'ratings.shop.svc.cluster.local'),
    );
    assert.deepEqual(client.sidecar('cluster1/default/client').behind('a'), ['10.2.0.2:8080']);
  });

  test("ExternalNames that lead in a circle are nobody's", () => {
    const client = twoClusters(alias('a', 'b.default.svc.cluster.local') + alias('b', 'a.default.svc.cluster.local'));
    assert.equal(client.sidecar('cluster1/default/client').host('a'), undefined);
  });

  test('an ExternalName of a host outside is looked up by DNS', () => {
    const client = twoClusters(alias('web', 'www.example.org')).sidecar('cluster1/default/client');
    const cluster = client.cluster(client.clusterOf('web') ?? '');
    assert.equal(JSON.stringify(cluster?.loadAssignment ?? '', big).includes('www.example.org'), true);
  });

  test('a host that only a VirtualService names resolves, in full and short', () => {
    const rule = (host: string): string =>
      istioText(
        'VirtualService',
        host.replaceAll('.', '-'),
        `{hosts: [${host}], http: [{route: [{destination: {host: reviews.cluster2}}]}]}`,
      );
    const client = twoClusters(rule('service.global') + rule('short')).sidecar('cluster1/default/client');
    assert.deepEqual(client.behind('service.global'), ['10.2.0.1:8080']);
    assert.deepEqual(client.behind('short'), ['10.2.0.1:8080']);
  });

  test("a destination means what it means in the rule's namespace, whoever follows the rule", () => {
    const rule = istioText(
      'VirtualService',
      'x',
      '{hosts: [go.global], http: [{route: [{destination: {host: ratings.cluster2}}]}]}',
      'shop',
    );
    const client = twoClusters(rule).sidecar('cluster1/default/client');
    assert.deepEqual(client.behind('go.global'), ['10.2.0.2:8080']);
  });
});

describe('visibility', () => {
  test('a Service is seen by the namespaces that its annotation names, cluster by cluster', () => {
    const mesh = new PaperMesh({
      flat: true,
      clusters: {
        cluster1:
          CLIENT +
          podText({ name: 'other', namespace: 'shop' }) +
          serviceText({ name: 'reviews', pods: { r1: '10.1.0.1' }, exportTo: '.' }),
        cluster2: serviceText({ name: 'reviews', pods: { r2: '10.2.0.1' } }),
      },
    });
    assert.deepEqual(mesh.sidecar('cluster1/default/client').behind('reviews'), ['10.1.0.1:8080', '10.2.0.1:8080']);
    assert.deepEqual(mesh.sidecar('cluster1/shop/other').behind('reviews.default'), ['10.2.0.1:8080']);
  });

  test('a Sidecar object hides what its egress does not name, rules for it too', () => {
    const hiding = istioText(
      'Sidecar',
      'default',
      '{egress: [{hosts: ["./*", "shop/ratings.shop.svc.cluster.local"]}]}',
    );
    const rule = istioText(
      'VirtualService',
      'x',
      '{hosts: [cart.other.svc.cluster.local], http: [{route: [{destination: {host: reviews}}]}]}',
    );
    const client = twoClusters(
      hiding + rule + serviceText({ name: 'cart', namespace: 'other', pods: { c: '10.1.0.7' } }),
    ).sidecar('cluster1/default/client');
    assert.deepEqual(client.behind('ratings.shop'), ['10.2.0.2:8080']);
    assert.equal(client.host('cart.other'), undefined);
    assert.equal(client.host('cart.other.svc.cluster.local'), undefined);
    assert.notEqual(client.host('reviews'), undefined);
  });
});

test('a service that clusters name the port of differently has the endpoints of all', () => {
  const mesh = new PaperMesh({
    flat: true,
    clusters: {
      cluster1: CLIENT + serviceText({ name: 'reviews', pods: { r1: '10.1.0.1' }, portName: 'http' }),
      cluster2:
        serviceText({ name: 'reviews', pods: { r2: '10.2.0.1' }, portName: 'http-web' }) +
        eastWestText('cluster2', '1.2.3.4'),
    },
  });
  assert.deepEqual(mesh.sidecar('cluster1/default/client').behind('reviews'), ['10.1.0.1:8080', '10.2.0.1:8080']);
});

function big(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
