/** The command under its name istioctl, against a real API server and a real Envoy. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import { parse, parseAllDocuments } from 'yaml';
import { debugInterface } from '../../src/istiod/http/debug.ts';
import { LogScopes } from '../../src/observe/index.ts';
import { cachedEnvoyPath } from '../../src/proxies/index.ts';
import { startApiServer, type TestApiServer, withoutKubernetes } from './api-server.ts';
import { type Outcome, runIstioctl } from './istioctl.ts';
import { startKubelet, type TestKubelet } from './kubelet.ts';

const ROOT_NAMESPACE = 'istio-system';
const PROXY = {
  id: 'sidecar~10.0.0.1~web-1.shop~shop.svc.cluster.local',
  cluster: 'cluster1',
  namespace: 'shop',
  pod: 'web-1',
  controlPlane: 'cluster1',
  connectedAtMs: 0,
  version: '1.40.0',
  types: { CDS: { state: 'SYNCED', resources: 3 }, LDS: { state: 'STALE', resources: 1 } },
};

let folder = '';
let server: TestApiServer;
let kubelet: TestKubelet;
const scopes = new LogScopes(pino({ level: 'info' }, { write: () => undefined }));
scopes.scope('ads', 'streams');
/** What istiod says of its state. */
const VIEWS = {
  '/debug/syncz': () => [PROXY],
  '/debug/clusters': () => [
    { cluster: 'cluster2', secret: 'istio-system/istio-remote-secret-cluster2', state: 'stale', reason: 'no route' },
  ],
};
const debug = createServer(debugInterface(VIEWS, scopes));
const monitoring = createServer((_call, answer) => answer.end(JSON.stringify({ version: '0.1.0' })));

function portOf(listening: Server): number {
  return (listening.address() as AddressInfo).port;
}

function run(args: readonly string[]): Promise<Outcome> {
  const hasFile = args.includes('--kubeconfig');
  return runIstioctl(hasFile ? args : ['--kubeconfig', server.kubeconfigFile, ...args], folder);
}

async function ok(args: readonly string[]): Promise<string> {
  const { code, out, err } = await run(args);
  assert.equal(code, 0, `istioctl ${args.join(' ')}: ${err}${out}`);
  return out;
}

describe('istioctl', { skip: withoutKubernetes() }, () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pelagos-istioctl-'));
    server = await startApiServer({ users: [{ name: 'nobody' }, { name: 'reader' }] });
    kubelet = await startKubelet(server);
    for (const each of [debug, monitoring]) await new Promise<void>((resolve) => each.listen(0, '127.0.0.1', resolve));
    for (const name of [ROOT_NAMESPACE, 'shop'])
      await server.admin.send('POST', '/api/v1/namespaces', { metadata: { name } });
  });
  after(async () => {
    for (const each of [debug, monitoring]) each.close().closeAllConnections();
    await kubelet?.stop();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('where nothing is installed, it says so and how to install', async () => {
    const { code, err } = await run(['proxy-status']);
    assert.equal(code, 1);
    assert.match(
      err,
      /PEL7105 there is no istiod in namespace istio-system of cluster1\n.*Nothing is installed[\s\S]*istioctl install --context cluster1/,
    );
    const version = await run(['version']);
    assert.match(version.out, /^client version: \d/);
    assert.equal(version.code, 1);
    assert.equal(await ok(['version', '--remote=false', '--short']), `${await packageVersion()}\n`);
  });

  test('check says in order what is there and what is not, with hints', async () => {
    const pre = await run(['x', 'precheck']);
    assert.equal(pre.code, 0, pre.out);
    assert.match(pre.out, /^kubernetes-api\n✔ the API server answers \(v1\.\d+\S* at https/);
    assert.match(pre.out, /✔ you may create what an installation consists of\n/);
    assert.match(pre.out, /✔ the clock of this machine agrees[\s\S]*Status check results are ✔\n$/);
    const post = await run(['check']);
    assert.equal(post.code, 1);
    assert.match(
      post.out,
      /✘ a control plane is there for this cluster\n {4}there is no pod of istiod in namespace istio-system\n {4}hint: Run `istioctl install`\.\n {4}see docs\/reference\/checks\.md#istiod-installed\n/,
    );
    assert.match(post.out, /- proxies have taken what istiod sent \(it needs that a control plane is there/);
    const file = join(folder, 'nobody-checks');
    await writeFile(file, server.kubeconfig(server.tokenOf('nobody')));
    const forbidden = await run(['--kubeconfig', file, 'check', '--pre', '-o', 'json']);
    assert.equal(forbidden.code, 1);
    const { success, categories } = JSON.parse(forbidden.out);
    assert.equal(success, false);
    const permissions = categories.find(
      ({ categoryName }: { readonly categoryName: string }) => categoryName === 'permissions',
    );
    assert.match(permissions.checks[0].error, /you may not create namespaces/);
    await writeFile(file, server.kubeconfig('rubbish', 'https://127.0.0.1:1'));
    assert.match((await run(['--kubeconfig', file, 'check'])).out, /✘ the API server answers\n.*ECONNREFUSED/);
  });

  test('contexts and rights: what is wrong, and what to do', async () => {
    const unknown = await run(['--context', 'cluster2', 'proxy-status']);
    assert.match(unknown.err, /PEL7102 "cluster2" is no context of your kubeconfig - did you mean cluster1\?/);
    const file = join(folder, 'nobody');
    await writeFile(file, server.kubeconfig(server.tokenOf('nobody')));
    const forbidden = await run(['--kubeconfig', file, 'proxy-status']);
    assert.match(forbidden.err, /PEL7104 you may not list pods in namespace istio-system/);
    assert.match(forbidden.err, /kubectl auth can-i list pods -n istio-system/);
    await writeFile(file, server.kubeconfig('rubbish'));
    assert.match(
      (await run(['--kubeconfig', file, 'proxy-status'])).err,
      /PEL7109 the API server does not know who you are/,
    );
    await writeFile(file, server.kubeconfig('rubbish', 'https://127.0.0.1:1'));
    assert.match(
      (await run(['--kubeconfig', file, 'proxy-status'])).err,
      /PEL7103 the API server is not reached: .*ECONNREFUSED/,
    );
    const none = await run(['--kubeconfig', join(folder, 'none'), 'proxy-status']);
    assert.match(none.err, /PEL7112 the kubeconfig cannot be read: .*ENOENT/);
    assert.match((await run(['get', 'pods'])).err, /PEL7107 .*Run `kubectl get`/s);
  });

  test('a remote secret carries a kubeconfig that reads this cluster', async () => {
    const args = ['create-remote-secret', '--name', 'cluster2', '--duration', '1h'];
    const { code, out, err } = await run([...args, '--server', server.url]);
    assert.equal(code, 0, err);
    assert.match(err, /created .*istio-reader-service-account/i);
    assert.match(err, /warning: https:\/\/127\.0\.0\.1:\d+ means this machine/);
    const [document] = parseAllDocuments(out);
    const secret = document?.toJS();
    assert.deepEqual(secret.metadata, {
      annotations: { 'networking.istio.io/cluster': 'cluster2' },
      labels: { 'istio/multiCluster': 'true' },
      name: 'istio-remote-secret-cluster2',
      namespace: ROOT_NAMESPACE,
    });
    const config = parse(secret.stringData.cluster2);
    const reader = server.connect(config.users[0].user.token);
    await reader.get('/api/v1/services');
    await assert.rejects(reader.get('/api/v1/secrets'), /forbidden/);
    reader.close();
    await server.admin.send('POST', `/api/v1/namespaces/${ROOT_NAMESPACE}/secrets`, secret);
    await server.admin.send('DELETE', `/api/v1/namespaces/${ROOT_NAMESPACE}/secrets/${secret.metadata.name}`);
  });

  test('the token of a Secret is waited for, as a controller fills it in', async () => {
    const path = `/api/v1/namespaces/${ROOT_NAMESPACE}/secrets/istio-reader-service-account-istio-remote-secret-token`;
    const made = run(['create-remote-secret', '--name', 'cluster1', '--server', 'https://cluster1.example.com']);
    let isThere = false;
    while (!isThere) {
      isThere = await server.admin.get(path).then(
        () => true,
        () => false,
      );
    }
    const data = {
      token: Buffer.from('a-token').toString('base64'),
      'ca.crt': Buffer.from('a-root').toString('base64'),
    };
    await server.admin.send('PATCH', path, { data }, { contentType: 'application/merge-patch+json' });
    const { code, out, err } = await made;
    assert.equal(code, 0, err);
    const config = parse(parseAllDocuments(out)[0]?.toJS().stringData.cluster1);
    assert.equal(config.users[0].user.token, 'a-token');
    assert.deepEqual(config.clusters[0].cluster, {
      server: 'https://cluster1.example.com',
      'certificate-authority-data': data['ca.crt'],
    });
    const bad = await run(['create-remote-secret', '--name', 'Cluster_1']);
    assert.deepEqual([bad.code, /cannot be the name of a cluster/.test(bad.err)], [2, true]);
  });

  test('analyze looks at the cluster, and at files as if they were applied', async () => {
    assert.match(await ok(['analyze', '-n', 'shop']), /^✔ No validation issues found when analyzing namespace: shop\./);
    await server.admin.send('POST', '/api/v1/namespaces/shop/services', {
      metadata: { name: 'web' },
      spec: { ports: [{ name: 'http', port: 80 }] },
    });
    const rule = join(folder, 'rule.yaml');
    const route = (host: string): string =>
      `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: web}\nspec: {hosts: [web], http: [{route: [{destination: {host: ${host}}}]}]}\n`;
    await writeFile(rule, route('web'));
    assert.match(await ok(['analyze', '-n', 'shop', rule]), /^✔/);
    await writeFile(rule, route('wep'));
    const { code, out } = await run(['analyze', '-n', 'shop', rule]);
    assert.equal(code, 1);
    assert.match(out, /^Error \[PEL4001\] \(VirtualService shop\/web \S+rule\.yaml:4\) .*wep\n.*did you mean web/);
    assert.equal(await ok(['validate', '-f', rule]), 'validation succeed\n');
    assert.match(await ok(['analyze', '-n', 'shop', '-S', 'PEL4001=VirtualService *.shop', rule]), /^✔/);
  });

  test('kube-inject gives workloads their proxy, and leaves the rest as it is written', async () => {
    const file = join(folder, 'workload.yaml');
    await writeFile(
      file,
      `# kept
apiVersion: v1
kind: Service
metadata: {name: web}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: app, image: 'app:1'}]}}
`,
    );
    const missing = await run(['kube-inject', '-f', file]);
    assert.match(missing.err, /there is no ConfigMap istio-sidecar-injector/);
    const values = { global: { multiCluster: { clusterName: 'cluster1' }, network: 'network1' } };
    await server.admin.send('POST', `/api/v1/namespaces/${ROOT_NAMESPACE}/configmaps`, {
      metadata: { name: 'istio-sidecar-injector' },
      data: { values: JSON.stringify(values) },
    });
    const out = await ok(['kube-inject', '-f', file]);
    assert.match(out, /^# kept\napiVersion: v1\nkind: Service\n/);
    const deployment = parseAllDocuments(out)[1]?.toJS();
    assert.equal(deployment.spec.template.metadata.labels['topology.istio.io/network'], 'network1');
    const names = deployment.spec.template.spec.initContainers.map(({ name }: { readonly name: string }) => name);
    assert.deepEqual(names, ['istio-init', 'istio-proxy']);
    const offline = join(folder, 'values.json');
    await writeFile(offline, JSON.stringify(values));
    assert.equal(await ok(['--context', 'nowhere', 'kube-inject', '-f', file, '--valuesFile', offline]), out);
  });

  describe('with a control plane', () => {
    before(async () => {
      await kubelet.pod({
        namespace: ROOT_NAMESPACE,
        name: 'istiod-1',
        labels: { app: 'istiod', 'istio.io/rev': 'default' },
        containers: ['discovery'],
        ports: { 8080: portOf(debug), 15014: portOf(monitoring) },
      });
      await kubelet.pod({ namespace: 'shop', name: 'bare-1', labels: { app: 'bare' }, containers: ['app'] });
    });

    test('proxy-status shows what istiod says of its streams', async () => {
      const rows = (await ok(['proxy-status'])).split('\n').map((line) => line.split(/ {3,}/));
      assert.deepEqual(rows[0], ['NAME', 'CLUSTER', 'CDS', 'LDS', 'ISTIOD', 'VERSION']);
      assert.deepEqual(rows[1], ['web-1.shop', 'cluster1', 'SYNCED', 'STALE', 'istiod-1', '1.40.0']);
      assert.match(await ok(['ps', 'web-1.shop']), /LDS +STALE +1/);
      assert.match((await run(['ps', 'web-2.shop'])).err, /no connected proxy is web-2\.shop\n.*1 proxies/);
      assert.equal(JSON.parse(await ok(['ps', '-o', 'json', '-r', 'default']))[0].istiod, 'istiod-1');
      assert.match((await run(['ps', '-r', 'canary'])).err, /another revision than canary/);
    });

    test('version tells client, control plane and data plane', async () => {
      const version = await packageVersion();
      assert.equal(
        await ok(['version']),
        `client version: ${version}\ncontrol plane version: 0.1.0\ndata plane version: envoy 1.40.0 (1 proxies)\n`,
      );
      assert.equal(JSON.parse(await ok(['version', '-o', 'json'])).meshVersion[0].Info.version, '0.1.0');
    });

    test('remote-clusters and admin log', async () => {
      const { out, err } = await run(['remote-clusters']);
      assert.match(out, /^NAME +SECRET +STATUS +ISTIOD\ncluster2 +istio-system\/\S+ +stale +istiod-1\n$/);
      assert.match(err, /cluster2: no route/);
      await ok(['admin', 'log', '--level', 'ads:debug']);
      assert.match(await ok(['istiod', 'l']), /^ACTIVE SCOPE +DESCRIPTION +LOG LEVEL\nads +streams +debug\n/);
      await ok(['admin', 'log', '--reset']);
      assert.equal(scopes.list()[0]?.level, 'info');
      assert.match((await run(['admin', 'log', '--level', 'xds:debug'])).err, /no scope "xds"\n.*It has: ads/);
    });

    test('check sees what the mesh is short of', async () => {
      const { code, out } = await run(['check']);
      assert.equal(code, 1);
      assert.match(
        out,
        /✔ a control plane is there for this cluster \(1 pods of istiod\)\n✔ istiod's pods are ready\n✔ istiod tells its state \(1 proxies are connected\)/,
      );
      assert.match(
        out,
        /✘ the kinds of the mesh are known to the cluster\n {4}missing: authorizationpolicies\.security\.istio\.io, /,
      );
      assert.match(out, /✘ pods get their proxy by a webhook[^\n]*\n {4}there is none of istiod in istio-system\n/);
      assert.match(out, /✘ the root certificate is valid for a while\n {4}there is no ConfigMap istio-ca-root-cert/);
      assert.match(out, /✘ the other clusters are read\n {4}cluster2 is stale: no route\n/);
      assert.match(out, /‼ proxies have taken what istiod sent\n {4}still taking it: web-1\.shop\n/);
      assert.match(out, /- the cluster's DNS knows the zones of the mesh \(the cluster has no ConfigMap coredns/);
    });

    test('who may read pods and not forward ports is told which right is missing', async () => {
      const rbac = '/apis/rbac.authorization.k8s.io/v1';
      const rules = [{ apiGroups: [''], resources: ['pods', 'pods/portforward'], verbs: ['get', 'list'] }];
      await server.admin.send('POST', `${rbac}/clusterroles`, { metadata: { name: 'reads-pods' }, rules });
      await server.admin.send('POST', `${rbac}/clusterrolebindings`, {
        metadata: { name: 'reads-pods' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reads-pods' },
        subjects: [{ kind: 'User', name: 'reader' }],
      });
      const file = join(folder, 'reader');
      await writeFile(file, server.kubeconfig(server.tokenOf('reader')));
      const { code, err } = await run(['--kubeconfig', file, 'proxy-status']);
      assert.equal(code, 1);
      assert.match(err, /PEL7104 you may not create pods\/portforward in namespace istio-system/);
    });

    test('a pod that is not there, has no proxy or does not answer', async () => {
      assert.match(
        (await run(['pc', 'routes', 'bare-11.shop'])).err,
        /PEL7110 [\s\S]*Its pods are: bare-1[\s\S]*Did you mean bare-1\?/,
      );
      assert.match(
        (await run(['pc', 'routes', 'bare-1.shop'])).err,
        /PEL7106 the pod bare-1\.shop has no container istio-proxy/,
      );
      await kubelet.pod({ namespace: 'shop', name: 'silent-1', containers: ['app', 'istio-proxy'] });
      assert.match(
        (await run(['pc', 'routes', 'silent-1', '-n', 'shop'])).err,
        /Envoy of silent-1\.shop does not answer\n.*port 15000.*connection refused/,
      );
    });
  });

  describe('with an Envoy', { skip: cachedEnvoyPath(process.env) ? false : 'no Envoy' }, () => {
    let envoy: ReturnType<typeof spawn> | undefined;

    before(async () => {
      const adminFile = join(folder, 'admin-address');
      const bootstrap = {
        node: { id: 'web-1', cluster: 'web' },
        admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } },
        static_resources: {
          clusters: [
            {
              name: 'outbound|80||web.shop.svc.cluster.local',
              type: 'STATIC',
              load_assignment: {
                cluster_name: 'web',
                endpoints: [
                  {
                    lb_endpoints: [
                      { endpoint: { address: { socket_address: { address: '10.0.0.9', port_value: 80 } } } },
                    ],
                  },
                ],
              },
            },
          ],
        },
      };
      const flags = [
        '--config-yaml',
        JSON.stringify(bootstrap),
        '--admin-address-path',
        adminFile,
        '--disable-hot-restart',
      ];
      envoy = spawn(cachedEnvoyPath(process.env) ?? '', [...flags, '--concurrency', '1', '-l', 'warning'], {
        stdio: 'ignore',
      });
      let port: number | undefined;
      for (let tries = 0; port === undefined && tries < 200; tries++) {
        const address = await readFile(adminFile, 'utf8').catch(() => '');
        port = address === '' ? undefined : Number(address.split(':').at(-1));
        if (port === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
      }
      assert.ok(port, 'Envoy did not start');
      await kubelet.pod({
        namespace: 'shop',
        name: 'web-1',
        labels: { app: 'web' },
        containers: ['app', 'istio-proxy'],
        ports: { 15000: port },
      });
      await server.admin.send('POST', '/apis/apps/v1/namespaces/shop/deployments', {
        metadata: { name: 'web' },
        spec: {
          selector: { matchLabels: { app: 'web' } },
          template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'app', image: 'app:1' }] } },
        },
      });
    });
    after(() => {
      envoy?.kill('SIGKILL');
    });

    test('proxy-config reads the Envoy of a deployment through its API server', async () => {
      const endpoints = await ok(['proxy-config', 'endpoints', 'deployment/web', '-n', 'shop']);
      assert.match(
        endpoints,
        /^ENDPOINT +STATUS +OUTLIER CHECK +CLUSTER\n10\.0\.0\.9:80 +HEALTHY +OK +outbound\|80\|\|web\.shop\.svc\.cluster\.local\n$/,
      );
      assert.match(
        await ok(['pc', 'cluster', 'web-1.shop']),
        /^web\.shop\.svc\.cluster\.local +80 +- +outbound +STATIC/m,
      );
      assert.equal(JSON.parse(await ok(['pc', 'bootstrap', 'web-1.shop'])).bootstrap.node.id, 'web-1');
    });

    test('levels of its loggers are set and reset', async () => {
      const set = await ok(['pc', 'log', 'deployment/web', '-n', 'shop', '--level', 'http:debug,router:trace']);
      assert.match(set, /^web-1\.shop:\nactive loggers:\n[\s\S]* http: debug\n[\s\S]* router: trace\n/);
      assert.match(await ok(['pc', 'log', 'web-1.shop', '-r']), / http: warning\n/);
      assert.match((await run(['pc', 'log', 'web-1.shop', '--level', 'nothing:debug'])).err, /error/);
    });
  });
});

async function packageVersion(): Promise<string> {
  return JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')).version;
}
