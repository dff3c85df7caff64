/** How the roots of clusters get to their pods, to each other, and to what calls the webhooks. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import { MemberRoots, ROOTS_CONFIG_MAP, RootPublisher, WebhookCaBundle } from '../../src/istiod/index.ts';
import { isNotFound, type KubernetesObject } from '../../src/kubernetes-api/index.ts';
import type { ClusterId } from '../../src/model/index.ts';
import { CertificateAuthority, TrustBundle } from '../../src/security/index.ts';
import { startApiServer, type TestApiServer, withoutKubernetes } from './api-server.ts';
import { eventually } from './eventually.ts';

const context = { trustDomain: 'cluster.local', now: Date.now };
const rootOf = (name: string, trustDomain = 'cluster.local'): string =>
  CertificateAuthority.createRoot(name, { ...context, trustDomain }).root.pem;

describe('the roots of a cluster', { skip: withoutKubernetes() }, () => {
  let server: TestApiServer;
  const logged: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => logged.push(line) });

  before(async () => {
    server = await startApiServer();
    await server.admin.send('POST', '/api/v1/namespaces', { metadata: { name: 'istio-system' } });
  });
  after(() => server?.stop());

  async function published(namespace: string): Promise<Readonly<Record<string, string>> | undefined> {
    try {
      const found = await server.admin.get(`/api/v1/namespaces/${namespace}/configmaps/${ROOTS_CONFIG_MAP}`);
      return found['data'] as Readonly<Record<string, string>>;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  const isPublished = async (namespace: string, pem: string): Promise<boolean> =>
    (await published(namespace))?.['root-cert.pem'] === pem;

  test('are in every namespace, also a new one, and again when somebody changes or deletes them', async (t) => {
    let roots = [rootOf('one')];
    const publisher = new RootPublisher(server.admin, { roots: () => roots, log });
    t.after(() => publisher.stop());
    publisher.start();
    const now = (): string => roots.join('');
    for (const namespace of ['default', 'istio-system']) {
      await eventually(`roots in ${namespace}`, () => isPublished(namespace, now()));
    }
    assert.deepEqual(Object.keys((await published('default')) ?? {}).sort(), [
      'root-cert.pem',
      'token-secret.json',
      'trust-secret.json',
    ]);
    await server.admin.send('POST', '/api/v1/namespaces', { metadata: { name: 'new' } });
    await eventually('roots in a new namespace', () => isPublished('new', now()));
    const path = `/api/v1/namespaces/new/configmaps/${ROOTS_CONFIG_MAP}`;
    const patch = { data: { 'root-cert.pem': 'mine' } };
    await server.admin.send('PATCH', path, patch, { contentType: 'application/merge-patch+json' });
    await eventually('a change is undone', () => isPublished('new', now()));
    await server.admin.send('DELETE', path);
    await eventually('a deletion is undone', () => isPublished('new', now()));
    roots = [...roots, rootOf('two')];
    publisher.refresh();
    await eventually('a rotation comes everywhere', async () =>
      (await Promise.all(['default', 'istio-system', 'new'].map((each) => isPublished(each, now())))).every(Boolean),
    );
    assert.equal(await published('kube-node-lease'), undefined);
    assert.equal(await published('kube-system'), undefined);
  });

  test('are believed by the other members while it is one; what is no root changes nothing', async (t) => {
    const bundle = new TrustBundle(context);
    const cluster = 'cluster2' as ClusterId;
    const member = new MemberRoots(server.admin, { cluster, namespace: 'member', bundle, now: Date.now, log });
    t.after(() => member.stop());
    member.start();
    await server.admin.send('POST', '/api/v1/namespaces', { metadata: { name: 'member' } });
    const publish = (pem: string): Promise<KubernetesObject> =>
      server.admin.send(
        'PATCH',
        `/api/v1/namespaces/member/configmaps/${ROOTS_CONFIG_MAP}?fieldManager=test&force=true`,
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: ROOTS_CONFIG_MAP }, data: { 'root-cert.pem': pem } },
        { contentType: 'application/apply-patch+yaml' },
      );
    const [first, second] = [rootOf('first'), rootOf('second')];
    await publish(first);
    await eventually('the first root', () => bundle.pem === first);
    await publish(rootOf('foreign', 'evil.example'));
    await eventually('the reason is logged', () => logged.some((line) => line.includes('evil.example')));
    assert.equal(bundle.pem, first);
    await publish(second);
    await eventually('both, for a day', () => bundle.pem.includes(second) && bundle.pem.includes(first));
    // Other credentials for the same member.
    const next = new MemberRoots(server.admin, { cluster, namespace: 'member', bundle, now: Date.now, log });
    t.after(() => next.stop());
    await next.start();
    await member.stop();
    assert.ok(bundle.pem.includes(second) && bundle.pem.includes(first), 'what retires goes on to do so');
    await publish('rubbish');
    await next.leave();
    assert.equal(bundle.pem, '');
  });

  test('are what the API server checks the webhooks by', async (t) => {
    const webhook = (name: string): object => ({
      name,
      clientConfig: { service: { namespace: 'istio-system', name: 'istiod', path: '/validate' } },
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Ignore',
      rules: [{ operations: ['CREATE'], apiGroups: ['security.istio.io'], apiVersions: ['*'], resources: ['*'] }],
    });
    const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
    const name = 'istio-validator-istio-system';
    let roots = [rootOf('one')];
    const configurations = [
      { kind: 'validating', name },
      { kind: 'mutating', name: 'not-there' },
    ] as const;
    let serving = false;
    const keeper = new WebhookCaBundle(server.admin, {
      configurations,
      roots: () => roots,
      isServing: () => serving,
      log,
    });
    t.after(() => keeper.stop());
    keeper.start();
    const webhooks = [webhook('a.validation.istio.io'), webhook('b.validation.istio.io')];
    await server.admin.send('POST', path, { metadata: { name }, webhooks });
    const holds = async (): Promise<boolean> => {
      const found = (await server.admin.get(`${path}/${name}`))['webhooks'] as readonly {
        readonly clientConfig: { readonly caBundle?: string };
      }[];
      const want = Buffer.from(roots.join('')).toString('base64');
      return found.every(({ clientConfig }) => clientConfig.caBundle === want);
    };
    await eventually('both have it', holds);
    roots = [rootOf('two'), rootOf('three')];
    keeper.refresh();
    await eventually('both have the next ones', holds);
    const policies = async (): Promise<string> => {
      const found = (await server.admin.get(`${path}/${name}`))['webhooks'];
      return (found as readonly { readonly failurePolicy: string }[]).map((each) => each.failurePolicy).join();
    };
    assert.equal(await policies(), 'Ignore,Ignore');
    serving = true;
    keeper.refresh();
    await eventually('nothing passes them by, once they are served', async () => (await policies()) === 'Fail,Fail');
  });
});
