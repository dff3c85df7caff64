/** What istiod keeps in a cluster for the sake of names, against a real API server. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import {
  CoreDnsZones,
  ImportedServices,
  removeCoreDnsZones,
  removeImportedServices,
} from '../../src/istiod/dns/index.ts';
import { type ApiServer, isNotFound, type KubernetesObject } from '../../src/kubernetes-api/index.ts';
import type { ClusterId } from '../../src/model/index.ts';
import { serviceText } from '../../src/translate/testing/manifests.ts';
import { PaperMesh } from '../../src/translate/testing/paper-mesh.ts';
import { startApiServer, type TestApiServer, withoutKubernetes } from './api-server.ts';

const CLUSTER = 'cluster1' as ClusterId;
const COREFILE = '.:53 {\n    kubernetes cluster.local\n    reload\n}\n';
const CONFIG_MAP = '/api/v1/namespaces/kube-system/configmaps/coredns';
const REVERSE = '240.in-addr.arpa:53 248.in-addr.arpa:53';
const FAR = '/api/v1/namespaces/default/services/far';
const log = pino({ level: 'silent' });

const far = (port: number): string => serviceText({ name: 'far', port, pods: { f: '10.2.0.1' } });
const NAMESPACE = '---\n{apiVersion: v1, kind: Namespace, metadata: {name: default}}\n';

/** Waits until it holds. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 150; i += 1) {
    if (await holds()) return;
    await delay(100);
  }
  assert.fail('it did not come to hold within 15 s');
}

describe('names in a cluster', { skip: withoutKubernetes() }, () => {
  let server: TestApiServer;
  let api: ApiServer;
  before(async () => {
    server = await startApiServer();
    api = server.admin;
    await api.send('POST', '/api/v1/namespaces', { metadata: { name: 'istio-system' } });
    const data = { Corefile: COREFILE, other: 'stays' };
    await api.send('POST', '/api/v1/namespaces/kube-system/configmaps', { metadata: { name: 'coredns' }, data });
  });
  after(async () => {
    await server?.stop();
  });

  const corefile = async (): Promise<string> => {
    const map = await api.get<KubernetesObject & { readonly data: Readonly<Record<string, string>> }>(CONFIG_MAP);
    assert.equal(map.data['other'], 'stays');
    return map.data['Corefile'] ?? '';
  };

  test('zones come into the Corefile when the Service is there, follow the mesh, and are taken out', async () => {
    const paper = new PaperMesh({ clusters: { cluster1: '', cluster2: far(80) } });
    const keeper = new CoreDnsZones({
      api,
      cluster: CLUSTER,
      names: paper.plane.mesh.names,
      from: { kind: 'service', namespace: 'istio-system', name: 'istiod-dns' },
      log,
      now: Date.now,
    });
    try {
      await delay(300);
      assert.equal(await corefile(), COREFILE);
      const spec = { ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] };
      const made = await api.send('POST', '/api/v1/namespaces/istio-system/services', {
        metadata: { name: 'istiod-dns' },
        spec,
      });
      const { clusterIP } = made['spec'] as { readonly clusterIP: string };
      await until(async () => (await corefile()).includes(`forward . ${clusterIP}:53`));
      assert.match(await corefile(), /cluster1:53 cluster2:53 \{/);
      paper.apply(
        'cluster1',
        '---\n{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: g, namespace: default}, spec: {hosts: [service.global], http: [{route: [{destination: {host: far}}]}]}}\n',
      );
      await until(async () => (await corefile()).includes('service.global:53'));
    } finally {
      await keeper.stop();
    }
    await removeCoreDnsZones(api);
    assert.equal(await corefile(), COREFILE);
  });

  test('the zone of a cluster that leaves stays for ten minutes, a host that goes does not', async () => {
    const host =
      '---\n{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: g, namespace: default}, spec: {hosts: [service.global], http: [{route: [{destination: {host: far}}]}]}}\n';
    const paper = new PaperMesh({ clusters: { cluster1: host, cluster2: far(80) } });
    const { mesh } = paper.plane;
    const services = '/api/v1/namespaces/istio-system/services';
    await api.send('POST', services, { metadata: { name: 'istiod-dns-c' }, spec: { ports: [{ port: 53 }] } });
    const from = { kind: 'service', namespace: 'istio-system', name: 'istiod-dns-c' } as const;
    let laterMs = 0;
    const now = (): number => Date.now() + laterMs;
    const keeper = new CoreDnsZones({ api, cluster: CLUSTER, names: mesh.names, from, log, now });
    const isZones = async (zones: string): Promise<boolean> => (await corefile()).includes(`${REVERSE} ${zones} {`);
    try {
      await until(async () => await isZones('cluster1:53 cluster2:53 service.global:53'));
      mesh.removeMember('cluster2' as ClusterId);
      paper.delete('cluster1', host);
      await until(async () => await isZones('cluster1:53 cluster2:53'));
      laterMs = 590_000;
      await delay(2_500);
      assert.ok(await isZones('cluster1:53 cluster2:53'));
      laterMs = 700_000;
      await until(async () => await isZones('cluster1:53'));
    } finally {
      await keeper.stop();
    }
    await removeCoreDnsZones(api);
  });

  test('of two revisions one keeps the zones, and the other takes over when it has gone', async () => {
    const { mesh } = new PaperMesh({ clusters: { cluster1: '', cluster2: far(80) } }).plane;
    const services = '/api/v1/namespaces/istio-system/services';
    const made = async (name: string): Promise<string> => {
      const spec = { ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] };
      const service = await api.send('POST', services, { metadata: { name }, spec });
      return (service['spec'] as { readonly clusterIP: string }).clusterIP;
    };
    const keep = (name: string): CoreDnsZones => {
      const from = { kind: 'service', namespace: 'istio-system', name } as const;
      return new CoreDnsZones({ api, cluster: CLUSTER, names: mesh.names, from, log, now: Date.now });
    };
    const asks = async (address: string): Promise<boolean> => (await corefile()).includes(`forward . ${address}:53`);
    const [first, second] = [await made('istiod-dns-a'), await made('istiod-dns-b')];
    const keeper = keep('istiod-dns-a');
    await until(async () => await asks(first));
    const other = keep('istiod-dns-b');
    try {
      await delay(2_500);
      assert.ok(await asks(first), 'it stays as it is');
      await keeper.stop();
      await api.send('DELETE', `${services}/istiod-dns-a`);
      await until(async () => await asks(second));
    } finally {
      await Promise.all([keeper.stop(), other.stop()]);
    }
    await removeCoreDnsZones(api);
  });

  test('a cluster that reaches no control plane has the names in its Corefile, once all members are read', async () => {
    const { mesh } = new PaperMesh({ clusters: { cluster1: '', cluster2: far(80) } }).plane;
    let isComplete = false;
    const from = { kind: 'inline', isComplete: () => isComplete } as const;
    const start = (): CoreDnsZones =>
      new CoreDnsZones({ api, cluster: CLUSTER, names: mesh.names, from, log, now: Date.now });
    const early = start();
    await delay(300);
    await early.stop();
    assert.equal(await corefile(), COREFILE);
    isComplete = true;
    const keeper = start();
    try {
      await until(async () => /match \^far\\\.cluster2\\\.\$\n +answer ".* IN A 240\./.test(await corefile()));
    } finally {
      await keeper.stop();
    }
    await removeCoreDnsZones(api);
  });

  test('a service of another cluster gets a name, which goes with it; what somebody makes of it is theirs', async () => {
    const paper = new PaperMesh({ clusters: { cluster1: NAMESPACE, cluster2: NAMESPACE + far(80) } });
    let isComplete = false;
    const keeper = new ImportedServices({
      api,
      cluster: CLUSTER,
      imports: paper.plane.mesh.imports,
      isComplete: () => isComplete,
      log,
    });
    const service = async (): Promise<KubernetesObject | undefined> =>
      await api.get(FAR).catch((error: unknown) => {
        if (isNotFound(error)) return undefined;
        throw error;
      });
    /** What the mesh reads of the cluster. */
    const reread = async (): Promise<void> => {
      const { metadata, ...rest } = (await service()) ?? assert.fail('it is not there');
      const { name, namespace, labels } = metadata;
      const object = { ...rest, apiVersion: 'v1', kind: 'Service', metadata: { name, namespace, labels } };
      paper.apply('cluster1', `---\n${JSON.stringify({ ...object, status: undefined })}\n`);
    };
    try {
      await until(async () => (await service()) !== undefined);
      await reread();
      const made = (await service()) ?? assert.fail();
      assert.equal(made.metadata.labels?.['pelagos.dev/imported'], 'true');
      const spec = made['spec'] as { readonly clusterIP: string; readonly selector?: object };
      assert.equal(spec.selector, undefined);
      assert.deepEqual(paper.plane.mesh.addresses.at(CLUSTER, spec.clusterIP), {
        kind: 'host',
        hostname: 'far.default.svc.cluster.local',
        namespace: 'default',
      });
      paper.apply('cluster2', far(81));
      await until(async () => JSON.stringify((await service())?.['spec']).includes('"port":81'));
      await reread();
      paper.delete('cluster2', far(81));
      await delay(2_500);
      assert.ok(await service(), 'it went although a member was not read');
      isComplete = true;
      await until(async () => (await service()) === undefined);
    } finally {
      await keeper.stop();
    }
  });

  test('on uninstall all go but those that have pods now', async () => {
    const make = async (name: string, selector?: object): Promise<void> => {
      const metadata = { name, labels: { 'pelagos.dev/imported': 'true' } };
      const spec = { ports: [{ port: 80 }], ...(selector ? { selector } : {}) };
      await api.send('POST', '/api/v1/namespaces/default/services', { metadata, spec });
    };
    await make('one');
    await make('two', { app: 'two' });
    assert.equal(await removeImportedServices(api), 1);
    assert.equal((await api.get('/api/v1/namespaces/default/services/two')).metadata.name, 'two');
  });
});
