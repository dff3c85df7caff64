/** Under which addresses clients of a cluster know hosts, and what is behind an address. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ClusterId, Hostname } from '../model/index.ts';
import { eastWestText, istioText, podText, serviceText } from '../translate/testing/manifests.ts';
import { PaperMesh } from '../translate/testing/paper-mesh.ts';
import { addressHash } from './virtual-address.ts';

const ONE = 'cluster1' as ClusterId;
const TWO = 'cluster2' as ClusterId;

/** A Service with an address and no pods. */
function withAddress(name: string, ip: string, labels = '{}', namespace = 'default'): string {
  return `---
{apiVersion: v1, kind: Service, metadata: {name: ${name}, namespace: ${namespace}, labels: ${labels}},
 spec: {clusterIP: ${ip}, ports: [{name: http, port: 80}]}}
`;
}

function meshOf(here: string, there: string, flat = false): PaperMesh {
  return new PaperMesh({ flat, clusters: { cluster1: here, cluster2: there + eastWestText('cluster2', '1.2.3.4') } });
}

function of(mesh: PaperMesh, cluster: ClusterId, host: string, namespace = 'default'): readonly string[] {
  const { hosts, addresses } = mesh.plane.mesh;
  const service = hosts.resolve(namespace, host as Hostname);
  assert.ok(service, `${host} is nobody's`);
  return addresses.of(cluster, service);
}

/** What is behind the one address of a host. */
function behind(mesh: PaperMesh, cluster: ClusterId, host: string): unknown {
  const [address = '', ...more] = of(mesh, cluster, host);
  assert.deepEqual(more, []);
  return mesh.plane.mesh.addresses.at(cluster, address);
}

const host = (hostname: string, namespace = 'default'): object => ({ kind: 'host', hostname, namespace });
const pod = (cluster: string, name: string): object => ({
  kind: 'pod',
  pod: { cluster, kind: 'Pod', namespace: 'default', name },
});

describe('Kubernetes names', () => {
  const reviews = 'reviews.default.svc.cluster.local';

  test('a plain name has the cluster IPs of the Service in the own cluster', () => {
    const mesh = meshOf(withAddress('reviews', '10.96.0.1'), withAddress('reviews', '10.96.0.2'));
    assert.deepEqual(of(mesh, ONE, 'reviews'), ['10.96.0.1']);
    assert.deepEqual(of(mesh, TWO, 'reviews'), ['10.96.0.2']);
    assert.deepEqual(mesh.plane.mesh.addresses.at(ONE, '10.96.0.1'), host(reviews));
    assert.equal(mesh.plane.mesh.addresses.at(ONE, '10.96.0.2'), undefined);
  });

  test('a name with a cluster in it has a virtual address, each spelling its own, the same in every cluster', () => {
    const mesh = meshOf(withAddress('reviews', '10.96.0.1'), withAddress('reviews', '10.96.0.2'));
    for (const name of ['reviews.cluster2', 'reviews.default.cluster2', 'reviews.cluster1']) {
      assert.match(of(mesh, ONE, name)[0] ?? '', /^240\./);
      assert.deepEqual(of(mesh, ONE, name), of(mesh, TWO, name));
      assert.deepEqual(behind(mesh, ONE, name), host(name));
    }
    assert.notDeepEqual(of(mesh, ONE, 'reviews.cluster2'), of(mesh, ONE, 'reviews.default.cluster2'));
  });

  test("a service of other clusters has a virtual address until a Service stands for it, which is nobody's backing", () => {
    const mesh = meshOf('', serviceText({ name: 'reviews', pods: { r: '10.2.0.1' } }));
    assert.match(of(mesh, ONE, 'reviews')[0] ?? '', /^240\./);
    assert.deepEqual(behind(mesh, ONE, 'reviews'), host(reviews));
    mesh.apply('cluster1', withAddress('reviews', '10.96.0.9', '{pelagos.dev/imported: "true"}'));
    assert.deepEqual(of(mesh, ONE, 'reviews'), ['10.96.0.9']);
    assert.deepEqual(mesh.plane.mesh.addresses.at(ONE, '10.96.0.9'), host(reviews));
    const { hosts } = mesh.plane.mesh;
    assert.equal(hosts.resolve('default', 'reviews.cluster1' as Hostname), undefined);
    assert.deepEqual(hosts.resolve('default', 'reviews' as Hostname)?.backing, {
      kind: 'kubernetes',
      clusters: ['cluster2'],
      namespace: 'default',
      name: 'reviews',
    });
  });

  test('a stub alone is no service', () => {
    const mesh = meshOf(withAddress('reviews', '10.96.0.9', '{pelagos.dev/imported: "true"}'), '');
    assert.equal(mesh.plane.mesh.hosts.resolve('default', 'reviews' as Hostname), undefined);
  });

  test('a headless name has its pods: their own addresses in the own network, names of single pods elsewhere', () => {
    const there = serviceText({ name: 'db', pods: { 'db-0': '10.2.0.1', 'db-1': '10.2.0.2' }, headless: true });
    const far = meshOf('', there);
    const own = of(far, TWO, 'db');
    assert.deepEqual(own, ['10.2.0.1', '10.2.0.2']);
    assert.deepEqual(far.plane.mesh.addresses.at(TWO, '10.2.0.2'), pod('cluster2', 'db-1'));
    const remote = of(far, ONE, 'db');
    assert.equal(remote.length, 2);
    assert.deepEqual(
      remote.map((address) => far.plane.mesh.addresses.at(ONE, address)),
      [host('db-0.db.default.cluster2'), host('db-1.db.default.cluster2')],
    );
    assert.deepEqual(of(far, ONE, 'db-1.db.default.cluster2'), [remote[1]]);
    assert.deepEqual(of(far, ONE, 'db-1.db.default.svc.cluster.local'), [remote[1]]);
    assert.deepEqual(of(meshOf('', there, true), ONE, 'db'), own);
  });

  test('an exported service has a virtual address', () => {
    const exported =
      '---\n{apiVersion: multicluster.x-k8s.io/v1alpha1, kind: ServiceExport, metadata: {name: reviews, namespace: default}}\n';
    const mesh = meshOf('', serviceText({ name: 'reviews', pods: { r: '10.2.0.1' } }) + exported);
    const name = 'reviews.default.svc.clusterset.local';
    assert.deepEqual(behind(mesh, ONE, name), host(name));
  });
});

describe('addresses of pods', () => {
  test('only of the own cluster, or of another in the same network', () => {
    const here = podText({ name: 'a', ip: '10.1.0.1' });
    const there = podText({ name: 'b', ip: '10.1.0.1' }) + podText({ name: 'c', ip: '10.2.0.1' });
    const at = (flat: boolean, address: string): unknown =>
      meshOf(here, there, flat).plane.mesh.addresses.at(ONE, address);
    assert.deepEqual(at(false, '10.1.0.1'), pod('cluster1', 'a'));
    assert.equal(at(false, '10.2.0.1'), undefined);
    assert.deepEqual(at(true, '10.2.0.1'), pod('cluster2', 'c'));
  });

  test('a pod on the network of its node has none, nor has one that has ended', () => {
    const text = podText({ name: 'a', ip: '10.1.0.1' });
    const hostNetwork = meshOf(text.replace('spec: {', 'spec: {hostNetwork: true, '), '');
    assert.equal(hostNetwork.plane.mesh.addresses.at(ONE, '10.1.0.1'), undefined);
    const ended = meshOf(text.replace('status: {', 'status: {phase: Succeeded, '), '');
    assert.equal(ended.plane.mesh.addresses.at(ONE, '10.1.0.1'), undefined);
  });
});

describe('ServiceEntries and VirtualServices', () => {
  const entry = (name: string, hosts: string, more: string): string =>
    istioText('ServiceEntry', name, `{hosts: ${hosts}, ports: [{number: 80, name: tcp, protocol: TCP}], ${more}}`);
  const located = 'resolution: STATIC, endpoints: [{address: 10.7.0.1}]';

  test('addresses given go before a virtual one; a block has an owner, the longest first, and is no address', () => {
    const mesh = meshOf(
      entry('a', '[a.corp]', `addresses: [10.8.0.1, "FD00::1", 10.9.0.0/16], ${located}`) +
        entry('b', '[b.corp]', `addresses: [10.9.1.0/24], ${located}`),
      '',
    );
    const { addresses } = mesh.plane.mesh;
    assert.deepEqual(of(mesh, ONE, 'a.corp'), ['10.8.0.1', 'FD00::1']);
    assert.deepEqual(addresses.at(TWO, '10.8.0.1'), host('a.corp'));
    assert.deepEqual(addresses.at(ONE, 'fd00:0::0:1'), host('a.corp'));
    assert.deepEqual(addresses.at(ONE, '10.9.2.1'), host('a.corp'));
    assert.deepEqual(addresses.at(ONE, '10.9.1.1'), host('b.corp'));
    assert.deepEqual(behind(mesh, ONE, 'b.corp'), host('b.corp'));
    assert.equal(addresses.at(ONE, '10.10.0.1'), undefined);
  });

  test('a host that the mesh itself looks up, or that refuses it, has no virtual address', () => {
    const mesh = meshOf(
      entry('a', '[api.stripe.com]', 'resolution: DNS') +
        entry('b', '[b.corp]', located).replace(
          'metadata: {',
          'metadata: {labels: {networking.istio.io/enable-autoallocate-ip: "false"}, ',
        ),
      '',
    );
    assert.deepEqual(of(mesh, ONE, 'api.stripe.com'), []);
    assert.deepEqual(of(mesh, ONE, 'b.corp'), []);
  });

  test('all names under a wildcard share the address of the wildcard', () => {
    const mesh = meshOf(entry('a', '["*.example.internal"]', located), '');
    assert.deepEqual(of(mesh, ONE, 'x.example.internal'), of(mesh, ONE, 'y.z.example.internal'));
    assert.deepEqual(behind(mesh, ONE, 'x.example.internal'), host('*.example.internal'));
  });

  test("a host that is a VirtualService's alone has one, unless gateways serve it too", () => {
    const rule = (name: string, gateways: string): string =>
      istioText(
        'VirtualService',
        name,
        `{hosts: [${name}.global], gateways: [${gateways}], http: [{route: [{destination: {host: x}}]}]}`,
      );
    const { addresses } = meshOf(rule('service', 'mesh') + rule('shop', 'mesh, edge'), '').plane.mesh;
    const address = addresses.ofRule('service.global' as Hostname) ?? '';
    assert.deepEqual(addresses.at(ONE, address), host('service.global'));
    assert.equal(addresses.ofRule('shop.global' as Hostname), undefined);
  });

  test('names with the same hash have addresses in order, in whatever order they came', () => {
    const [one = '', two = ''] = clash();
    const a = entry('one', `[${one}]`, located);
    const b = entry('two', `[${two}]`, located);
    const mesh = meshOf(a, '');
    mesh.apply('cluster1', b);
    const other = meshOf(b, '');
    other.apply('cluster1', a);
    for (const name of [one, two]) {
      assert.deepEqual(of(mesh, ONE, name), of(other, ONE, name));
      assert.deepEqual(behind(mesh, ONE, name), host(name));
    }
    assert.notDeepEqual(of(mesh, ONE, one), of(mesh, ONE, two));
  });
});

/** Two names with the same hash. */
function clash(): readonly string[] {
  const seen = new Map<string, string>();
  for (let i = 0; ; i += 1) {
    const name = `name${i}.corp`;
    const other = seen.get(addressHash(name));
    if (other) return [other, name];
    seen.set(addressHash(name), name);
  }
}
