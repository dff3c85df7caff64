import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import type { IssuedCertificate } from './certificate.ts';
import { CertificateAuthority } from './certificate-authority.ts';
import { TrustBundle } from './trust-bundle.ts';

const HOUR = 3_600_000;
const context = { trustDomain: 'cluster.local', now: Date.now };
const REVIEWS = 'spiffe://cluster.local/ns/default/sa/reviews';
const RATINGS = 'spiffe://cluster.local/ns/default/sa/ratings';

interface Peer {
  readonly issued: IssuedCertificate;
  readonly roots: string;
}

/** The names that server and client saw of each other in a mutual handshake, or the codes of their failures. */
async function handshake(t: TestContext, server: Peer, client: Peer): Promise<{ server: string; client: string }> {
  const options = ({ issued, roots }: Peer) => ({
    cert: issued.certificateChainPem,
    key: issued.privateKeyPem,
    ca: roots,
  });
  // OpenSSL sends roots that it knows along with the leaf, so that an unknown root shows as self-signed in the chain.
  // The refusal is ours to make, because Node's own tells nobody its reason.
  const listener = createServer({ ...options(server), requestCert: true, rejectUnauthorized: false });
  const seenByServer = Promise.withResolvers<string>();
  listener.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => {});
    if (socket.authorized) {
      seenByServer.resolve(socket.getPeerCertificate().subjectaltname ?? '');
      socket.end('hello');
    } else {
      seenByServer.resolve(`refused: ${socket.authorizationError}`);
      socket.destroy();
    }
  });
  listener.on('tlsClientError', (error: NodeJS.ErrnoException) => seenByServer.resolve(`refused: ${error.code}`));
  listener.listen(0, '127.0.0.1');
  t.after(() => listener.close());
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  // As Envoy does: the chain is verified, and then the name in it is compared, not the host that was dialled.
  const socket = connect({ ...options(client), host: '127.0.0.1', port, checkServerIdentity: () => undefined });
  const seenByClient = Promise.withResolvers<string>();
  let name = '';
  socket.on('secureConnect', () => {
    name = socket.getPeerCertificate().subjectaltname ?? '';
  });
  // With TLS 1.3 a refused client hears of it only after its own side of the handshake is done.
  socket.on('data', () => seenByClient.resolve(name));
  socket.on('error', (error: NodeJS.ErrnoException) => seenByClient.resolve(`refused: ${error.code}`));
  socket.on('close', () => seenByClient.resolve('refused: closed'));
  try {
    return { server: await seenByServer.promise, client: await seenByClient.promise };
  } finally {
    socket.destroy();
  }
}

const one = CertificateAuthority.createRoot('one', context);
const two = CertificateAuthority.createRoot('two', context);

test('workloads of two clusters with a CA each meet by the bundle, and part when a root is taken away', async (t) => {
  const bundle = new TrustBundle(context);
  bundle.set('one', [one.root.pem]);
  bundle.set('two', [two.root.pem]);
  const reviews = one.issue(REVIEWS, { ttlMs: HOUR });
  const ratings = two.issue(RATINGS, { ttlMs: HOUR });
  const meet = (serverRoots: string, clientRoots: string) =>
    handshake(t, { issued: ratings, roots: serverRoots }, { issued: reviews, roots: clientRoots });

  const both = bundle.pem;
  assert.deepEqual(await meet(both, both), { server: `URI:${REVIEWS}`, client: `URI:${RATINGS}` });

  bundle.remove('one');
  const withoutOne = await meet(bundle.pem, both);
  assert.match(withoutOne.server, /^refused: .*(UNABLE_TO_GET_ISSUER|UNABLE_TO_VERIFY|SELF_SIGNED_CERT_IN_CHAIN)/);
  assert.match(withoutOne.client, /^refused: /);

  bundle.set('one', [one.root.pem]);
  bundle.remove('two');
  const withoutTwo = await meet(both, bundle.pem);
  assert.match(withoutTwo.client, /^refused: .*(UNABLE_TO_GET_ISSUER|UNABLE_TO_VERIFY|SELF_SIGNED_CERT_IN_CHAIN)/);

  bundle.set('two', [two.root.pem]);
  assert.deepEqual(await meet(bundle.pem, bundle.pem), { server: `URI:${REVIEWS}`, client: `URI:${RATINGS}` });
});

test('a rotation of the root cuts nobody off: both roots, then the new signer, then the new root alone', async (t) => {
  const bundle = new TrustBundle(context);
  bundle.set('one', [one.root.pem]);
  const before = one.issue(REVIEWS, { ttlMs: HOUR });
  const next = CertificateAuthority.createRoot('one', context);
  const after = next.issue(RATINGS, { ttlMs: HOUR });
  const meet = (server: IssuedCertificate, client: IssuedCertificate) =>
    handshake(t, { issued: server, roots: bundle.pem }, { issued: client, roots: bundle.pem });

  bundle.add('one', next.root.pem);
  assert.deepEqual(await meet(before, after), { server: `URI:${RATINGS}`, client: `URI:${REVIEWS}` });
  assert.deepEqual(await meet(after, before), { server: `URI:${REVIEWS}`, client: `URI:${RATINGS}` });
  bundle.removeRoot('one', one.root.fingerprint);
  assert.deepEqual(await meet(after, after), { server: `URI:${RATINGS}`, client: `URI:${RATINGS}` });
  assert.match((await meet(after, before)).server, /^refused: /);
});

test('an expired certificate is refused', async (t) => {
  const past = { trustDomain: 'cluster.local', now: () => Date.now() - 2 * HOUR };
  const authority = CertificateAuthority.createRoot('one', past);
  const bundle = new TrustBundle(context);
  bundle.set('one', [authority.root.pem, two.root.pem]);
  const expired = authority.issue(REVIEWS, { ttlMs: HOUR });
  const good = two.issue(RATINGS, { ttlMs: HOUR });
  const seen = await handshake(t, { issued: good, roots: bundle.pem }, { issued: expired, roots: bundle.pem });
  assert.match(seen.server, /^refused: .*EXPIRED/);
});

test("a server certificate is taken by a client that checks the host it dialled, as proxies do with the control plane's", async (t) => {
  const names = [{ kind: 'ip', address: '127.0.0.1' }] as const;
  const issued = one.issueServer(names, { ttlMs: HOUR });
  const listener = createServer({ cert: issued.certificateChainPem, key: issued.privateKeyPem }, (socket) =>
    socket.end(),
  );
  listener.listen(0, '127.0.0.1');
  t.after(() => listener.close());
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const good = connect({ host: '127.0.0.1', port, ca: one.root.pem });
  await once(good, 'secureConnect');
  assert.ok(good.authorized);
  good.destroy();
  const otherName = connect({ host: '127.0.0.1', port, ca: one.root.pem, servername: 'other.example' });
  const [error] = await once(otherName, 'error');
  assert.match(error.code, /ERR_TLS_CERT_ALTNAME_INVALID/);
});
