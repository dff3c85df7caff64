/** A cluster's certificate authority in Secrets of a real API server: made once, brought by people, rotated. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import { type ClusterAuthority, loadClusterAuthority } from '../../src/istiod/index.ts';
import { type AuthorityMaterial, createAuthorityMaterial } from '../../src/security/index.ts';
import { startApiServer, type TestApiServer, withoutKubernetes } from './api-server.ts';
import { eventually } from './eventually.ts';

const skip = withoutKubernetes();
const IDENTITY = 'spiffe://cluster.local/ns/default/sa/reviews';
const now = Date.now;

const encode = (text: string): string => Buffer.from(text).toString('base64');

function make(cluster: string): AuthorityMaterial {
  return createAuthorityMaterial({ cluster, trustDomain: 'cluster.local', nowMs: now(), ttlMs: 3_600_000 }, 'test');
}

/** The subject of who signed what the authority issues now. */
function signerOf({ authority }: ClusterAuthority): string {
  return new X509Certificate(authority.issue(IDENTITY, { ttlMs: 60_000 }).certificateChainPem).issuer;
}

describe("the cluster's authority", { skip }, () => {
  let server: TestApiServer;
  const logged: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => logged.push(line) });

  before(async () => {
    server = await startApiServer();
  });
  after(() => server?.stop());

  async function load(namespace: string, settleMs = 0): Promise<ClusterAuthority> {
    const options = { cluster: 'cluster1', namespace, trustDomain: 'cluster.local', now, log, settleMs };
    return await loadClusterAuthority(server.admin, options);
  }

  async function setSecret(namespace: string, name: string, data: Readonly<Record<string, string>>): Promise<void> {
    const encoded = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, encode(value)]));
    await server.admin.send(
      'PATCH',
      `/api/v1/namespaces/${namespace}/secrets/${name}?fieldManager=test`,
      { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, data: encoded },
      { contentType: 'application/apply-patch+yaml' },
    );
  }

  const makeNamespace = (name: string) => server.admin.send('POST', '/api/v1/namespaces', { metadata: { name } });

  test('replicas that come at once end with the same, and so does one that comes later', async () => {
    await makeNamespace('at-once');
    const all = await Promise.all([1, 2, 3].map(() => load('at-once')));
    const later = await load('at-once');
    assert.equal(new Set([...all, later].map(({ authority }) => authority.root.pem)).size, 1);
    const secret = await server.admin.get('/api/v1/namespaces/at-once/secrets/istio-ca-secret');
    assert.equal(secret['type'], 'istio.io/ca-root');
    assert.ok(logged.every((line) => !/BEGIN/.test(line)));
  });

  test('one that people bring later takes over: its root first, its key then, the old root stays for a day', async (t) => {
    await makeNamespace('brought');
    const own = await load('brought', 300);
    t.after(() => own.stop());
    own.follow();
    const before = own.authority.root.pem;
    const next = make('brought');
    let told = 0;
    own.onRootsChange(() => told++);
    await setSecret('brought', 'cacerts', { 'ca-cert.pem': next.certificatePem, 'ca-key.pem': next.privateKeyPem });
    await eventually('both roots are handed out', () => own.roots.length === 2);
    assert.equal(told, 1);
    assert.equal(own.authority.root.pem, before, 'the key that everybody believes signs on');
    let replaced = 0;
    own.authority.onReplaced(() => replaced++);
    await eventually('the other one signs', () => replaced === 1);
    assert.match(signerOf(own), /brought root/);
    assert.equal(own.roots.length, 2);
    assert.equal((await load('brought')).authority.root.pem, own.authority.root.pem);
  });

  test("a rotation in Istio's way, with both roots in root-cert.pem, waits for nothing", async (t) => {
    await makeNamespace('rotated');
    const [one, two] = [make('one'), make('two')];
    const rootsPem = one.certificatePem + two.certificatePem;
    const part = ({ certificatePem, privateKeyPem }: AuthorityMaterial): Record<string, string> => ({
      'ca-cert.pem': certificatePem,
      'ca-key.pem': privateKeyPem,
      'cert-chain.pem': '',
      'root-cert.pem': rootsPem,
    });
    await setSecret('rotated', 'cacerts', part(one));
    const rotating = await load('rotated', 3_600_000);
    t.after(() => rotating.stop());
    rotating.follow();
    assert.equal(rotating.roots.length, 2);
    await setSecret('rotated', 'cacerts', part(two));
    await eventually('the second one signs', () => /two root/.test(signerOf(rotating)));
  });

  test('a broken one, or none at all, leaves the one that works', async (t) => {
    await makeNamespace('broken');
    const one = make('one');
    await setSecret('broken', 'cacerts', { 'ca-cert.pem': one.certificatePem, 'ca-key.pem': one.privateKeyPem });
    const authority = await load('broken');
    t.after(() => authority.stop());
    authority.follow();
    await setSecret('broken', 'cacerts', { 'ca-cert.pem': make('x').certificatePem, 'ca-key.pem': one.privateKeyPem });
    await eventually('the reason is logged', () =>
      logged.some((line) => line.includes('ca-key.pem is not the key of ca-cert.pem')),
    );
    assert.match(signerOf(authority), /one root/);
    await assert.rejects(load('broken'), /the Secret broken\/cacerts cannot be used/);
    await server.admin.send('DELETE', '/api/v1/namespaces/broken/secrets/cacerts');
    await eventually('the loss is logged', () => logged.some((line) => line.includes('signs on until a restart')));
    assert.match(signerOf(authority), /one root/);
  });
});
