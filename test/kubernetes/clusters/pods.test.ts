/** Pods of a real cluster: who gets a proxy and what it does to them, where their calls go, and what names they know. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { CertificateAuthority } from '../../../src/security/index.ts';
import { mustRun } from '../harness/command.ts';
import { IMAGE, type Lab, startLab, withoutLab } from '../harness/lab.ts';
import { INGRESS, OWN_GATEWAY } from './pods/gateways.ts';
import {
  CALLERS,
  CANARY,
  istio,
  type KeyPair,
  list,
  namespaces,
  pod,
  SERVER,
  workload,
  workloads,
} from './pods/manifests.ts';
import { callGateway, PodCalls } from './pods/pod-calls.ts';

const skip = withoutLab();
const CLIENT = 'shop/deployment/client';
const SERVER_POD = 'shop/deployment/server';
const PLAIN = 'legacy/deployment/plain';
const BY_CLIENT = 'spiffe://cluster.local/ns/shop/sa/client';
const HUB_AND_TAG = [
  ...['--set', `hub=${IMAGE.slice(0, IMAGE.lastIndexOf('/'))}`],
  ...['--set', `tag=${IMAGE.slice(IMAGE.lastIndexOf(':') + 1)}`],
];
/** A node of the lab has two processors, and this test has many pods. */
const SMALL = ['--set', 'values.global.proxy.resources.requests.cpu=10m'];

/** As the API server gives it; what is looked at here. */
interface PodObject {
  readonly metadata: {
    readonly name: string;
    readonly labels: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  readonly spec: {
    readonly initContainers?: readonly ContainerObject[];
    readonly containers: readonly ContainerObject[];
    readonly volumes?: readonly { readonly name: string }[];
  };
  readonly status: { readonly podIP: string };
}

interface ContainerObject {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly readinessProbe?: { readonly httpGet?: { readonly port: unknown } };
  readonly startupProbe?: unknown;
  readonly resources: unknown;
  readonly volumeMounts?: readonly { readonly name: string }[];
}

function authority(): { readonly root: string; issue(name: string): KeyPair } {
  const ca = CertificateAuthority.createRoot('outside', { trustDomain: 'example.com', now: Date.now });
  return {
    root: ca.root.pem,
    issue: (name) => {
      const issued = ca.issueServer([{ kind: 'dns', name }], { ttlMs: 3_600_000 });
      return { key: issued.privateKeyPem, certificate: issued.certificateChainPem };
    },
  };
}

describe('pods', { skip }, () => {
  let lab: Lab;
  let calls: PodCalls;
  const appAuthority = authority();
  /** At a port number that is of HTTP in the mesh, and at one that nobody there has. */
  const outside = [0, 0].map(() => createServer((_request, response) => response.end('outside')));
  let outsideUrls: readonly string[];

  const kubectl = (...args: readonly string[]): Promise<string> => lab.kubectl('cluster1', ...args);
  const podOf = async (namespace: string, app: string): Promise<PodObject> =>
    JSON.parse(await kubectl('get', 'pods', '-n', namespace, '-l', `app=${app}`, '-o', 'jsonpath={.items[0]}'));
  /** The pod as it would be, all webhooks asked. @throws Error with what the API server said. */
  const asked = async (object: object): Promise<PodObject> => {
    const args = ['--context', 'cluster1', 'create', '--dry-run=server', '-o', 'json', '-f', '-'];
    return JSON.parse(await mustRun('kubectl', args, { env: lab.env, input: JSON.stringify(object) }));
  };
  const gatewayAddress = async (namespace: string, name: string): Promise<string> =>
    await kubectl('get', 'service', '-n', namespace, name, '-o', 'jsonpath={.status.loadBalancer.ingress[0].ip}');
  const listen = async (server: Server, port: number): Promise<number> => {
    server.listen(port, lab.hostAddress);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const install = async (...values: readonly string[]): Promise<void> => {
    const { code, stdout, stderr } = await lab.istioctl(
      'install',
      '--set',
      'profile=default',
      '-y',
      ...HUB_AND_TAG,
      ...SMALL,
      ...values,
    );
    assert.equal(code, 0, `${stdout}\n${stderr}`);
  };

  before(async () => {
    lab = await startLab(['cluster1']);
    calls = new PodCalls(lab, 'cluster1');
    const ports = await Promise.all(outside.map((server, index) => listen(server, index === 0 ? 80 : 0)));
    outsideUrls = ports.map((port) => `http://${lab.hostAddress}:${port}/`);
    await install();
    await lab.apply('cluster1', list(namespaces(appAuthority.issue('secure.example.com'))));
    await lab.apply('cluster1', list(workloads(ports[1] ?? 0)));
    await lab.apply('cluster1', list(OWN_GATEWAY));
    for (const name of ['server', 'client', 'apart', 'by-command', 'unwell'])
      await kubectl('rollout', 'status', '-n', 'shop', `deployment/${name}`, '--timeout=60s');
    await lab.apply('cluster1', list(CALLERS));
    await kubectl('rollout', 'status', '-n', 'shop', 'statefulset/set', '--timeout=60s');
    for (const name of ['legacy/plain', 'revised/new', 'edge/gate'])
      await kubectl(
        'rollout',
        'status',
        '-n',
        name.split('/')[0] ?? '',
        `deployment/${name.split('/')[1]}`,
        '--timeout=60s',
      );
  });
  after(async () => {
    for (const server of outside) {
      server.closeAllConnections();
      server.close();
    }
    await lab?.down();
  });

  describe('injection', () => {
    const want = 'sidecar.istio.io/inject';
    for (const [who, object, gets] of [
      ['of a namespace with istio-injection=enabled', { name: 'x', namespace: 'shop' }, true],
      ['that refuses, in such a namespace', { name: 'x', namespace: 'shop', labels: { [want]: 'false' } }, false],
      ["that has its node's network", { name: 'x', namespace: 'shop', spec: { hostNetwork: true } }, false],
      ['of a namespace with the label of the revision', { name: 'x', namespace: 'revised' }, true],
      ['of a namespace that says nothing', { name: 'x', namespace: 'legacy' }, false],
      ['that asks, in such a namespace', { name: 'x', namespace: 'legacy', labels: { [want]: 'true' } }, true],
      ['that names the revision', { name: 'x', namespace: 'legacy', labels: { 'istio.io/rev': 'default' } }, true],
      ['that names another revision', { name: 'x', namespace: 'legacy', labels: { 'istio.io/rev': 'other' } }, false],
      ['that asks in a namespace that refuses', { name: 'x', namespace: 'refused', labels: { [want]: 'true' } }, false],
      [
        'that asks in a namespace of Kubernetes',
        { name: 'x', namespace: 'kube-system', labels: { [want]: 'true' } },
        false,
      ],
    ] as const) {
      test(`a pod ${who} ${gets ? 'gets a proxy' : 'is left alone'}`, async () => {
        const { initContainers = [], containers } = (await asked(pod(object))).spec;
        assert.deepEqual(
          initContainers.map(({ name }) => name),
          gets ? ['istio-init', 'istio-proxy'] : [],
        );
        assert.deepEqual(
          containers.map(({ name }) => name),
          ['app'],
        );
      });
    }

    test('annotations change the proxy of one pod', async () => {
      const annotations = {
        'sidecar.istio.io/proxyCPU': '20m',
        'sidecar.istio.io/rewriteAppHTTPProbers': 'false',
        'traffic.sidecar.istio.io/excludeInboundPorts': '8081',
        'proxy.istio.io/config': '{"holdApplicationUntilProxyStarts": false}',
      };
      const { initContainers = [], containers } = (await asked(pod({ ...SERVER, annotations }))).spec;
      const [init, proxy] = initContainers;
      assert.deepEqual(proxy?.resources, { requests: { cpu: '20m' } });
      assert.equal(proxy?.startupProbe, undefined, 'the application does not wait');
      assert.equal(containers[0]?.readinessProbe?.httpGet?.port, 'web', 'the probe stays');
      assert.match(init?.env?.find(({ name }) => name === 'RULES_IPV4')?.value ?? '', /--dport 8081 -j RETURN/);
    });

    test('istioctl kube-inject gives the pod that the webhook gives', async () => {
      const manifest = JSON.stringify(workload('Deployment', SERVER)[1]);
      const args = ['--context', 'cluster1', 'kube-inject', '-f', '-'];
      const { stdout, stderr, code } = await lab.run('istioctl', args, { input: manifest });
      assert.equal(code, 0, stderr);
      const convert = ['--context', 'cluster1', 'create', '--dry-run=client', '-o', 'json', '-f', '-'];
      const { spec } = JSON.parse(await mustRun('kubectl', convert, { env: lab.env, input: stdout }));
      const online = await podOf('shop', 'server');
      const { template } = spec;
      const offline = await asked({
        apiVersion: 'v1',
        kind: 'Pod',
        ...template,
        metadata: { ...template.metadata, name: 'x', namespace: 'legacy' },
        spec: { ...template.spec, serviceAccountName: 'plain' },
      });
      const comparable = ({ metadata, spec }: PodObject): unknown => {
        const isOwn = ({ name }: { readonly name: string }): boolean => !name.startsWith('kube-api-access-');
        const plain = (container: ContainerObject) => ({
          ...container,
          volumeMounts: container.volumeMounts?.filter(isOwn),
        });
        const { 'pod-template-hash': _hash, ...labels } = metadata.labels;
        return {
          labels,
          annotations: metadata.annotations,
          initContainers: spec.initContainers?.map(plain),
          containers: spec.containers.map(plain),
          volumes: spec.volumes?.filter(isOwn),
        };
      };
      assert.deepEqual(comparable(offline), comparable(online));
    });

    test('a Job ends although there is a proxy; its init container, first and last call are in the mesh', async () => {
      await kubectl('wait', '-n', 'shop', '--for=condition=complete', 'job/job', '--timeout=60s');
      for (const path of ['/job-prepare', '/job-first', '/job-last'])
        assert.equal((await calls.http(CLIENT, `http://web/seen?path=${path}`)).body, '1', path);
      await lab.eventually('the pod has ended, proxy and all', async () => {
        const phase = await kubectl(
          'get',
          'pods',
          '-n',
          'shop',
          '-l',
          'job-name=job',
          '-o',
          'jsonpath={.items[0].status.phase}',
        );
        assert.equal(phase, 'Succeeded');
      });
    });

    test('the proxy is there before an application and after it: its first and last calls succeed', async () => {
      await kubectl('rollout', 'status', '-n', 'shop', 'deployment/busy', '--timeout=60s');
      assert.equal(await kubectl('logs', '-n', 'shop', 'deployment/busy', '-c', 'app'), '/first 200\n');
      await kubectl('delete', 'deployment', '-n', 'shop', 'busy', '--cascade=foreground', '--timeout=60s');
      assert.equal((await calls.http(CLIENT, 'http://web/seen?path=/last')).body, '1');
    });
  });

  describe('interception', () => {
    for (const [what, url] of [
      ['a service', 'http://web/'],
      ['any port of it', 'http://web:18080/'],
      ['a port that does not say what it speaks', 'http://found-out:7070/'],
      ['a port number that another service speaks TCP on', 'http://shared-http:9000/'],
      ['a service by its full name', 'http://web.shop.svc.cluster.local/'],
      ['a service by its cluster', 'http://web.cluster1/'],
      ['a service by namespace and cluster', 'http://web.shop.cluster1/'],
    ] as const) {
      test(`HTTP to ${what}`, async () => {
        const { status, app } = await calls.http(CLIENT, url);
        assert.deepEqual([status, app?.pod.startsWith('server-'), app?.caller], [200, true, BY_CLIENT]);
      });
    }

    test('a service of another namespace, with a sidecar and without', async () => {
      assert.equal((await calls.http(CLIENT, 'http://new.revised/')).app?.caller, BY_CLIENT);
      assert.equal((await calls.http(CLIENT, 'http://plain.legacy/')).app?.caller, '');
      assert.match(await calls.bytes(CLIENT, 'plain.legacy', 3306), /^plain-.* speaks first$/);
    });

    test('a server that speaks first, alone on its port number and where others speak HTTP', async () => {
      assert.match(await calls.bytes(CLIENT, 'greets', 5000), /^server-.* speaks first$/);
      assert.match(await calls.bytes(CLIENT, 'shared-tcp', 9000), /^server-.* speaks first$/);
      assert.match(await calls.bytes(CLIENT, 'echoes', 5001, 'word'), /^server-.* echoes word$/);
    });

    test("an application's own TLS passes through", async () => {
      assert.match((await calls.http(CLIENT, 'https://secure/', '-k')).body, /^server-.* over its own TLS$/);
    });

    test('gRPC, HTTP/2 in the clear, and WebSockets', async () => {
      const h2 = await calls.http(CLIENT, 'http://speaks-grpc:50051/', '--http2-prior-knowledge');
      assert.match(h2.body, /"version":"2.0"/);
      const grpc = [
        '-H',
        'content-type: application/grpc',
        '-H',
        'te: trailers',
        '-X',
        'POST',
        '-i',
        '-o',
        '/dev/stdout',
      ];
      const health = 'http://speaks-grpc:50051/grpc.health.v1.Health/Check';
      assert.match((await calls.http(CLIENT, health, '--http2-prior-knowledge', ...grpc)).body, /grpc-status: 0/);
      const upgrade = ['-H', 'Connection: Upgrade', '-H', 'Upgrade: websocket', '-H', 'Sec-WebSocket-Version: 13'];
      const { body } = await calls.http(CLIENT, 'http://web/', '--http1.1', '-i', '--output', '-', ...upgrade);
      assert.match(body, /^HTTP\/1.1 101 [\s\S]*server-.* greets/);
    });

    test('the address of a pod, in mTLS', async () => {
      const { podIP } = (await podOf('shop', 'server')).status;
      assert.equal((await calls.http(CLIENT, `http://${podIP}:8080/`)).app?.caller, BY_CLIENT);
      assert.match(await calls.bytes(CLIENT, podIP, 3306), /^server-.* speaks first$/);
    });

    test('a headless service, and one pod of it by its name', async () => {
      for (const name of ['set-0', 'set-1'])
        for (const host of [`${name}.set`, `${name}.set.shop.svc.cluster.local`, `${name}.set.shop.cluster1`]) {
          const { app } = await calls.http(CLIENT, `http://${host}:8080/`);
          assert.deepEqual([app?.pod, app?.caller], [name, BY_CLIENT], host);
        }
      assert.match((await calls.http(CLIENT, 'http://set:8080/')).app?.pod ?? '', /^set-[01]$/);
    });

    test('a pod that calls itself, by its service, by its address and over the loopback', async () => {
      const self = 'spiffe://cluster.local/ns/shop/sa/server';
      assert.equal((await calls.http(SERVER_POD, 'http://web/')).app?.caller, self);
      const { podIP } = (await podOf('shop', 'server')).status;
      for (const host of [podIP, '127.0.0.1', 'localhost'])
        assert.match((await calls.http(SERVER_POD, `http://${host}:8080/`)).app?.pod ?? '', /^server-/, host);
    });

    test('outside of the mesh: let through', async () => {
      for (const url of outsideUrls) assert.equal((await calls.http(CLIENT, url)).body, 'outside');
    });

    test('callers without a sidecar: as they are under PERMISSIVE, refused under STRICT', async () => {
      const plain = await calls.http(PLAIN, 'http://web.shop/');
      assert.deepEqual([plain.status, plain.app?.caller], [200, '']);
      assert.match(await calls.bytes(PLAIN, 'greets.shop', 5000), /speaks first$/);
      await lab.apply(
        'cluster1',
        list([istio('PeerAuthentication', 'istio-system', 'default', { mtls: { mode: 'STRICT' } })]),
      );
      await lab.eventually('plain text is refused', async () => {
        assert.equal((await calls.http(PLAIN, 'http://web.shop/')).status, 0);
        assert.equal(await calls.bytes(PLAIN, 'greets.shop', 5000), '');
      });
      assert.equal((await calls.http(CLIENT, 'http://web/')).status, 200);
      assert.match(await calls.bytes(CLIENT, 'greets', 5000), /speaks first$/);
      assert.equal((await calls.http(CLIENT, 'http://plain.legacy/')).status, 200);
    });

    test('a port that is left out of the proxy is reached in plain text, STRICT or not', async () => {
      const { podIP } = (await podOf('shop', 'apart')).status;
      assert.equal((await calls.http(PLAIN, `http://${podIP}:8081/`)).status, 200);
      assert.equal((await calls.http(PLAIN, `http://${podIP}:8080/`)).status, 0);
    });

    test('anybody may read the numbers of a proxy, and nobody of its pod may command it', async () => {
      const { podIP } = (await podOf('shop', 'server')).status;
      assert.match((await calls.http(PLAIN, `http://${podIP}:15090/stats/prometheus`)).body, /^envoy_cluster_/m);
      assert.equal((await calls.http(SERVER_POD, 'http://127.0.0.1:15000/')).status, 0);
      for (const port of [15000, 15001, 15006])
        assert.equal((await calls.http(PLAIN, `http://${podIP}:${port}/`)).status, 0, String(port));
    });

    test('who may call is said by port', async () => {
      const rules = [{ to: [{ operation: { ports: ['8081', '3307'] } }] }];
      const selector = { matchLabels: { app: 'server' } };
      const deny = istio('AuthorizationPolicy', 'shop', 'by-port', { selector, action: 'DENY', rules });
      await lab.apply('cluster1', list([deny]));
      await lab.eventually('two ports are closed', async () => {
        assert.equal((await calls.http(CLIENT, 'http://found-out:7070/')).status, 403);
        assert.equal(await calls.bytes(CLIENT, 'echoes', 5001, 'word'), '');
      });
      assert.equal((await calls.http(CLIENT, 'http://web/')).status, 200);
      await kubectl('delete', 'authorizationpolicy', '-n', 'shop', 'by-port');
    });
  });

  test('probes by HTTP, TCP, gRPC and command work under STRICT, and see an application that is unwell', async () => {
    for (const app of ['server', 'by-command', 'unwell'])
      await kubectl('wait', '-n', 'shop', '--for=condition=Ready', 'pod', '-l', `app=${app}`, '--timeout=30s');
    for (const workload of ['unwell', 'by-command']) {
      await calls.exec(`shop/deployment/${workload}`, 'curl', '-sS', 'http://127.0.0.1:8080/fail');
      await kubectl(
        'wait',
        '-n',
        'shop',
        '--for=condition=Ready=false',
        'pod',
        '-l',
        `app=${workload}`,
        '--timeout=30s',
      );
    }
    const restarts = 'jsonpath={.items[*].status.containerStatuses[*].restartCount}';
    assert.equal(await kubectl('get', 'pods', '-n', 'shop', '-l', 'app in (server,unwell)', '-o', restarts), '0 0');
  });

  describe('gateways', () => {
    test("the mesh's own, from outside", async () => {
      await lab.apply('cluster1', list(INGRESS));
      const address = await gatewayAddress('istio-system', 'istio-ingressgateway');
      await lab.eventually('the shop answers', async () => {
        const { status, app } = await callGateway({ host: 'shop.example.com', address });
        assert.equal(status, 200);
        assert.match(app?.caller ?? '', /\/sa\/istio-ingressgateway-service-account$/);
      });
      assert.equal((await callGateway({ host: 'other.example.com', address })).status, 404);
    });

    test('TLS ends there by a Secret, and a new Secret is taken at once', async () => {
      const address = await gatewayAddress('istio-system', 'istio-ingressgateway');
      for (const ca of [authority(), authority()]) {
        const { key, certificate } = ca.issue('shop.example.com');
        const data = { 'tls.key': btoa(key), 'tls.crt': btoa(certificate) };
        const metadata = { name: 'shop-tls', namespace: 'istio-system' };
        await lab.apply(
          'cluster1',
          list([{ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata, data }]),
        );
        await lab.eventually('the certificate is used', async () => {
          assert.equal((await callGateway({ host: 'shop.example.com', address, authority: ca.root })).status, 200);
        });
      }
    });

    test("an application's own TLS passes, by its server name", async () => {
      const address = await gatewayAddress('istio-system', 'istio-ingressgateway');
      await lab.eventually('the application answers', async () => {
        const call = { host: 'secure.example.com', address, authority: appAuthority.root };
        assert.match((await callGateway(call)).body, /^server-.* over its own TLS$/);
      });
    });

    test("a user's own, by the template of the injector", async () => {
      const address = await gatewayAddress('edge', 'gate');
      await lab.eventually('the gate answers', async () => {
        const { status, app } = await callGateway({ host: 'gate.example.com', address });
        assert.deepEqual([status, app?.caller], [200, 'spiffe://cluster.local/ns/edge/sa/default']);
      });
    });
  });

  test('a name of the mesh that nobody has is said not to be, at once', async () => {
    const ask = (name: string) => calls.exec(CLIENT, 'timeout', '4', 'getent', 'hosts', name);
    assert.match((await ask('web.shop.cluster1')).stdout, /^\d/);
    for (const name of ['no-such.shop.cluster1', 'no-such.cluster1', 'no-such.shop'])
      assert.equal((await ask(name)).code, 2, name);
  });

  test('REGISTRY_ONLY, said to the installed mesh: nobody outside is called but by a pod that leaves the port out', async () => {
    await install('--set', 'meshConfig.outboundTrafficPolicy.mode=REGISTRY_ONLY');
    await lab.eventually('the way out is closed', async () => {
      const [known = '', other = ''] = outsideUrls;
      assert.equal((await calls.http(CLIENT, known)).status, 502);
      assert.equal((await calls.http(CLIENT, other)).status, 0, 'nobody knows that it is HTTP');
    });
    assert.equal((await calls.http('shop/deployment/apart', outsideUrls[1] ?? '')).body, 'outside');
    assert.equal((await calls.http(CLIENT, 'http://web/')).status, 200);
  });

  test('a second control plane, by its revision, serves its namespaces in the same mesh, and goes again', async () => {
    const canary = ['--revision', 'canary', '-y'];
    const { code, stdout, stderr } = await lab.istioctl(
      'install',
      '--set',
      'profile=minimal',
      ...canary,
      ...HUB_AND_TAG,
    );
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    await lab.apply('cluster1', list(CANARY));
    await kubectl('rollout', 'status', '-n', 'canary', 'deployment/bird', '--timeout=60s');
    const { metadata, spec } = await podOf('canary', 'bird');
    assert.equal(metadata.annotations?.['istio.io/rev'], 'canary');
    assert.match(spec.initContainers?.[1]?.args?.join(' ') ?? '', /istiod-canary\.istio-system\.svc/);
    const identity = 'spiffe://cluster.local/ns/canary/sa/bird';
    assert.equal((await calls.http('canary/deployment/bird', 'http://web.shop/')).app?.caller, identity);
    assert.equal((await calls.http(CLIENT, 'http://bird.canary/')).app?.caller, BY_CLIENT);
    await kubectl('delete', 'namespace', 'canary', '--wait=false');
    assert.equal((await lab.istioctl('uninstall', ...canary)).code, 0);
    assert.equal((await asked(pod({ name: 'x', namespace: 'shop' }))).spec.initContainers?.length, 2);
  });

  test('without a control plane, pods that are to have a proxy are refused, and all others go on', async () => {
    await kubectl('scale', '-n', 'istio-system', 'deployment/istiod', '--replicas=0');
    await kubectl('wait', '-n', 'istio-system', '--for=delete', 'pod', '-l', 'app=istiod', '--timeout=60s');
    await assert.rejects(
      asked(pod({ name: 'x', namespace: 'shop' })),
      /failed calling webhook "namespace.sidecar-injector.istio.io"/,
    );
    for (const other of [
      { name: 'x', namespace: 'legacy' },
      { name: 'x', namespace: 'shop', labels: { 'sidecar.istio.io/inject': 'false' } },
    ])
      assert.equal((await asked(pod(other))).spec.initContainers, undefined);
    assert.equal((await calls.http(CLIENT, 'http://web/')).status, 200);
    await kubectl('scale', '-n', 'istio-system', 'deployment/istiod', '--replicas=1');
    await kubectl('rollout', 'status', '-n', 'istio-system', 'deployment/istiod', '--timeout=60s');
    await lab.eventually('pods get proxies again', async () => {
      assert.equal((await asked(pod({ name: 'x', namespace: 'shop' }))).spec.initContainers?.length, 2);
    });
  });
});
