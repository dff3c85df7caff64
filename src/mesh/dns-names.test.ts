/** What DNS says of the mesh's names, and which names are the mesh's at all. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ClusterId, Hostname } from '../model/index.ts';
import { istioText, serviceText } from '../translate/testing/manifests.ts';
import { PaperMesh } from '../translate/testing/paper-mesh.ts';
import type { DnsAnswer } from './dns-names.ts';

const ONE = 'cluster1' as ClusterId;

const PORTS = 'ports: [{number: 80, name: http, protocol: HTTP}]';
const STATIC = `${PORTS}, resolution: STATIC, endpoints: [{address: 10.7.0.1}]`;
const entry = (name: string, spec: string, namespace = 'default'): string =>
  istioText('ServiceEntry', name, spec, namespace);
const EXPORT =
  '---\n{apiVersion: multicluster.x-k8s.io/v1alpha1, kind: ServiceExport, metadata: {name: service, namespace: default}}\n';

/** The article's two clusters; only cluster2 has the headless `db`, `ratings` in shop, and `hidden` for shop alone. */
function article(more = ''): PaperMesh {
  return new PaperMesh({
    clusters: {
      cluster1:
        serviceText({ name: 'service', pods: { a: '10.1.0.1' } }) +
        entry('cluster2-services', `{hosts: ["*.cluster2"], ${PORTS}, location: MESH_INTERNAL, resolution: DNS}`) +
        entry('cloud', `{hosts: [service.cloud], ${PORTS}, resolution: DNS, endpoints: [{address: x.provider.com}]}`) +
        istioText(
          'VirtualService',
          'global',
          '{hosts: [service.global], http: [{route: [{destination: {host: service.cluster2}}]}]}',
        ) +
        more,
      cluster2:
        serviceText({ name: 'service', pods: { b: '10.2.0.1' } }) +
        serviceText({ name: 'ratings', namespace: 'shop', pods: { r: '10.2.0.2' } }) +
        serviceText({ name: 'hidden', namespace: 'shop', exportTo: '.' }) +
        serviceText({ name: 'db', pods: { 'db-0': '10.2.0.3', 'db-1': '10.2.0.4' }, headless: true }),
    },
  });
}

function ask(mesh: PaperMesh, name: string, type = 'A'): DnsAnswer {
  return mesh.plane.mesh.names.answer({ cluster: ONE, name, type });
}

/** The addresses, or why there are none. */
function addresses(mesh: PaperMesh, name: string, type = 'A'): readonly string[] | string {
  const answer = ask(mesh, name, type);
  return answer.kind === 'answer'
    ? answer.records.flatMap((record) => ('address' in record ? record.address : []))
    : answer.kind;
}

describe('answers', () => {
  const mesh = article(EXPORT);

  for (const name of [
    'service.cluster2',
    'service.default.cluster2',
    'service.cluster1',
    'ratings.shop.cluster2',
    'hidden.shop.cluster2',
    'db-1.db.default.cluster2',
    'service.global',
    'service.cloud',
    'service.default.svc.clusterset.local',
    'SERVICE.Cluster2.',
  ]) {
    test(`${name} has one virtual address`, () => {
      const found = addresses(mesh, name);
      assert.equal(found.length, 1, String(found));
      assert.match(found[0] ?? '', /^24\d\./);
    });
  }

  test('a headless name has one address for each pod, and a port of a service an SRV record', () => {
    assert.equal(addresses(mesh, 'db.default.cluster2').length, 2);
    assert.deepEqual(ask(mesh, '_http._tcp.service.cluster2', 'SRV'), {
      kind: 'answer',
      records: [{ type: 'SRV', port: 80, target: 'service.cluster2' }],
    });
    assert.equal(ask(mesh, '_no._tcp.service.cluster2', 'SRV').kind, 'nxdomain');
  });

  test('other types of a name that exists have no data, and so has a name above others', () => {
    for (const type of ['AAAA', 'TXT', 'MX', 'PTR', 'HTTPS']) {
      assert.deepEqual(ask(mesh, 'service.cluster2', type), { kind: 'nodata', zone: 'cluster2' });
    }
    assert.equal(ask(mesh, 'cluster2').kind, 'nodata');
    assert.equal(ask(mesh, 'shop.cluster2').kind, 'nodata');
  });

  test('a name that does not exist', () => {
    for (const name of ['nobody.cluster2', 'ratings.cluster2', 'service.shop.cluster2', 'db-7.db.default.cluster2']) {
      assert.deepEqual(ask(mesh, name), { kind: 'nxdomain', zone: 'cluster2' }, name);
    }
    assert.deepEqual(ask(mesh, 'ratings.shop.svc.clusterset.local'), { kind: 'nxdomain', zone: 'clusterset.local' });
  });

  test('a name of another zone is refused', () => {
    for (const name of [
      'example.org',
      'other.global',
      'global',
      'service.default.svc.cluster.local',
      'xcluster2',
      '',
    ]) {
      assert.equal(ask(mesh, name).kind, 'refused', name);
    }
  });

  test('the reverse of a virtual address is its name', () => {
    const [address = ''] = addresses(mesh, 'service.cluster2');
    const reverse = `${address.split('.').toReversed().join('.')}.in-addr.arpa`;
    assert.deepEqual(ask(mesh, reverse, 'PTR'), {
      kind: 'answer',
      records: [{ type: 'PTR', hostname: 'service.cluster2' }],
    });
    assert.equal(ask(mesh, '9.9.9.240.in-addr.arpa', 'PTR').kind, 'nxdomain');
    assert.equal(ask(mesh, '1.0.0.10.in-addr.arpa', 'PTR').kind, 'refused');
  });

  test('without a ServiceEntry over it a short name exists where any namespace has it', () => {
    const bare = new PaperMesh({
      clusters: {
        cluster1: '',
        cluster2: serviceText({ name: 'ratings', namespace: 'shop', pods: { r: '10.2.0.2' } }),
      },
    });
    assert.equal(addresses(bare, 'ratings.cluster2').length, 1);
  });

  test('addresses that a ServiceEntry gives, by their family', () => {
    const given = article(
      entry('vip', `{hosts: [vip.corp], addresses: [10.8.0.1, "fd00::1", 10.9.0.0/16], ${STATIC}}`),
    );
    assert.deepEqual(addresses(given, 'vip.corp'), ['10.8.0.1']);
    assert.deepEqual(addresses(given, 'vip.corp', 'AAAA'), ['fd00::1']);
  });

  test('any name under a wildcard host', () => {
    const wild = article(entry('wild', `{hosts: ["*.example.internal"], ${STATIC}, exportTo: ["."]}`, 'shop'));
    assert.deepEqual(addresses(wild, 'a.example.internal'), addresses(wild, 'b.c.example.internal'));
    assert.equal(addresses(wild, 'a.example.internal').length, 1);
    assert.equal(addresses(wild, 'example.internal'), 'nodata');
  });
});

describe('zones', () => {
  test('clusters, hosts that only the mesh knows, and nothing above them', () => {
    const zones = article().plane.mesh.names.zones();
    assert.deepEqual(zones, [
      '240.in-addr.arpa',
      '248.in-addr.arpa',
      'cluster1',
      'cluster2',
      'service.cloud',
      'service.global',
    ]);
    assert.ok(article(EXPORT).plane.mesh.names.zones().includes('clusterset.local'));
  });

  test('a host that is looked up in public DNS stays there, whatever rules say of it', () => {
    const rule = istioText(
      'VirtualService',
      'api',
      '{hosts: [api.stripe.com], http: [{route: [{destination: {host: service}}]}]}',
    );
    const mesh = article(entry('api', `{hosts: [api.stripe.com], ${PORTS}, resolution: DNS}`) + rule);
    assert.ok(!mesh.plane.mesh.names.zones().includes('api.stripe.com'));
    assert.equal(ask(mesh, 'api.stripe.com').kind, 'refused');
  });

  test('a wildcard takes no top-level domain, and no name of the cluster itself', () => {
    const mesh = article(
      entry('a', `{hosts: ["*.com", "*.svc.cluster.local", x.default.svc.cluster.local], ${STATIC}}`),
    );
    assert.equal(mesh.plane.mesh.names.zones().length, 6);
  });

  test('a cluster with the name of a public top-level domain gives its own names alone; one named local gives none', () => {
    const mesh = new PaperMesh({
      clusters: { dev: serviceText({ name: 'web', namespace: 'shop' }), local: serviceText({ name: 'web' }) },
    });
    assert.deepEqual(mesh.plane.mesh.names.zones().slice(2), ['shop.dev', 'web.dev']);
    assert.equal(addresses(mesh, 'web.shop.dev').length, 1);
    assert.equal(ask(mesh, 'pkg.go.dev').kind, 'refused');
    assert.equal(ask(mesh, 'web.local').kind, 'refused');
  });

  test('zones and answers follow the objects', () => {
    const mesh = article();
    const { graph, names } = mesh.plane.mesh;
    const told: string[] = [];
    const query = graph.query('test', () => [
      names.zones(),
      names.answer({ cluster: ONE, name: 'a.corp', type: 'A' }).kind,
    ]);
    const stop = graph.watch(query, '', () => told.push(String(query.get(''))));
    mesh.apply('cluster1', entry('a', `{hosts: [a.corp], ${STATIC}}`));
    mesh.delete('cluster1', entry('a', `{hosts: [a.corp], ${STATIC}}`));
    stop();
    assert.equal(told.length, 2);
    assert.match(told[0] ?? '', /a\.corp.*,answer$/);
    assert.match(told[1] ?? '', /refused$/);
  });
});

test('the table has every name with what a question for it is answered', () => {
  const mesh = article(EXPORT + entry('wild', `{hosts: ["*.example.internal"], ${STATIC}}`));
  const { names: table, omitted } = mesh.plane.mesh.names.table(ONE, 1_000);
  assert.equal(omitted, 0);
  for (const { hostname, addresses: listed } of table) {
    assert.deepEqual(addresses(mesh, hostname.replace('*', 'any') as Hostname), listed, hostname);
  }
  assert.deepEqual(
    table.map(({ hostname }) => hostname),
    [
      '*.example.internal',
      'db-0.db.default.cluster2',
      'db-1.db.default.cluster2',
      'db.cluster2',
      'db.default.cluster2',
      'hidden.shop.cluster2',
      'ratings.shop.cluster2',
      'service.cloud',
      'service.cluster1',
      'service.cluster2',
      'service.default.cluster1',
      'service.default.cluster2',
      'service.default.svc.clusterset.local',
      'service.global',
    ],
  );
  const short = mesh.plane.mesh.names.table(ONE, 4);
  assert.ok(short.omitted >= table.length - 4);
  assert.deepEqual(
    short.names.map(({ hostname }) => hostname),
    ['*.example.internal', 'service.cloud', 'service.default.svc.clusterset.local', 'service.global'],
  );
});
