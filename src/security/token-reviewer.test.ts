import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { SignJWT } from 'jose';
import type { TokenSubject } from './service-account-token.ts';
import { TokenIssuer, type TokenKey } from './token-issuer.ts';
import { KeyTokenReviewer } from './token-reviewer.ts';

const NOW = Date.UTC(2030, 0, 15, 12, 0, 0);
const HOUR = 3_600_000;
const ISSUER = 'https://one.clusters.example';
const AUDIENCE = 'istio-ca';
const SUBJECT: TokenSubject = {
  namespace: 'default',
  serviceAccount: { name: 'reviews', uid: '0e1c0d1b-0000-4000-8000-000000000001' },
  pod: { name: 'reviews-v1-abcde', uid: '0e1c0d1b-0000-4000-8000-000000000002' },
};
const OPTIONS = { audiences: ['other', AUDIENCE], ttlMs: HOUR };

const issuer = TokenIssuer.create({ issuer: ISSUER, now: () => NOW });
const reviewerAt = (nowMs: number, keys: readonly TokenKey[] = [issuer.publicKey]) =>
  new KeyTokenReviewer({ cluster: 'one', issuer: ISSUER, audience: AUDIENCE, keys: () => keys, now: () => nowMs });
const reviewer = reviewerAt(NOW);

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

/** Refused for this reason, and the message shows no part of the token. */
async function assertRefused(token: string, kind: string, by = reviewer): Promise<void> {
  const result = await by.review(token);
  assert.equal(result.kind, kind);
  assert.ok(result.kind !== 'authenticated');
  for (const part of token.split('.')) {
    if (part.length > 12) assert.ok(!result.message.includes(part.slice(0, 12)), result.message);
  }
}

test('a token has the claims that Kubernetes gives it', async () => {
  const token = await issuer.issue(SUBJECT, OPTIONS);
  const seconds = NOW / 1000;
  assert.deepEqual(claimsOf(token), {
    iss: ISSUER,
    aud: ['other', AUDIENCE],
    iat: seconds,
    nbf: seconds,
    exp: seconds + 3600,
    sub: 'system:serviceaccount:default:reviews',
    'kubernetes.io': { namespace: 'default', serviceaccount: SUBJECT.serviceAccount, pod: SUBJECT.pod },
  });
  const [header = '', payload = '', signature = ''] = token.split('.');
  assert.deepEqual(JSON.parse(Buffer.from(header, 'base64url').toString()), {
    alg: 'ES256',
    kid: issuer.publicKey.keyId,
    typ: 'JWT',
  });
  const key = { key: issuer.publicKey.key, dsaEncoding: 'ieee-p1363' } as const;
  assert.ok(verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url')));
});

test('a good token says whom it speaks for', async () => {
  assert.deepEqual(await reviewer.review(await issuer.issue(SUBJECT, OPTIONS)), {
    kind: 'authenticated',
    cluster: 'one',
    namespace: 'default',
    serviceAccount: 'reviews',
    pod: SUBJECT.pod,
    expiresAt: NOW + HOUR,
  });
});

test('a token is good from its first to its last second, give or take ten', async () => {
  const token = await issuer.issue(SUBJECT, OPTIONS);
  assert.equal((await reviewerAt(NOW + HOUR + 9_000).review(token)).kind, 'authenticated');
  await assertRefused(token, 'expired', reviewerAt(NOW + HOUR + 10_000));
  assert.equal((await reviewerAt(NOW - 10_000).review(token)).kind, 'authenticated');
  await assertRefused(token, 'not-yet-valid', reviewerAt(NOW - 11_000));
});

test('a token for somebody else is refused', async () => {
  await assertRefused(await issuer.issue(SUBJECT, { audiences: ['vault'], ttlMs: HOUR }), 'wrong-audience');
});

test("another cluster's token is refused by its issuer; one that lies about its issuer, by its signature", async () => {
  const other = TokenIssuer.create({ issuer: 'https://two.clusters.example', now: () => NOW });
  await assertRefused(await other.issue(SUBJECT, OPTIONS), 'wrong-issuer');
  const liar = TokenIssuer.create({ issuer: ISSUER, now: () => NOW });
  await assertRefused(await liar.issue(SUBJECT, OPTIONS), 'bad-signature');
});

test('while the key rotates both keys are taken, then the new one alone', async () => {
  const next = TokenIssuer.create({ issuer: ISSUER, now: () => NOW });
  const both = reviewerAt(NOW, [issuer.publicKey, next.publicKey]);
  for (const each of [issuer, next]) {
    assert.equal((await both.review(await each.issue(SUBJECT, OPTIONS))).kind, 'authenticated');
  }
  await assertRefused(await issuer.issue(SUBJECT, OPTIONS), 'bad-signature', reviewerAt(NOW, [next.publicKey]));
});

test('a changed payload or signature is refused', async () => {
  const token = await issuer.issue(SUBJECT, OPTIONS);
  const [header, , signature = ''] = token.split('.');
  const claims = claimsOf(token);
  const admin = encode({ ...claims, sub: 'system:serviceaccount:default:admin' });
  await assertRefused(`${header}.${admin}.${signature}`, 'bad-signature');
  await assertRefused(`${header}.${encode(claims)}.${Buffer.alloc(64).toString('base64url')}`, 'bad-signature');
  await assertRefused(`${header}.${encode(claims)}.`, 'bad-signature');
});

test('the token does not choose its algorithm: none, HMAC with the public key, embedded keys', async () => {
  const payload = encode(claimsOf(await issuer.issue(SUBJECT, OPTIONS)));
  const kid = issuer.publicKey.keyId;
  await assertRefused(`${encode({ alg: 'none', kid })}.${payload}.`, 'bad-signature');
  await assertRefused(`${encode({ alg: 'NONE', kid })}.${payload}.`, 'bad-signature');
  const spki = issuer.publicKey.key.export({ type: 'spki', format: 'pem' }).toString();
  const hmac = await new SignJWT(claimsOf(await issuer.issue(SUBJECT, OPTIONS)))
    .setProtectedHeader({ alg: 'HS256', kid })
    .sign(new TextEncoder().encode(spki));
  await assertRefused(hmac, 'bad-signature');
  const mallory = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = createPublicKey(mallory.privateKey).export({ format: 'jwk' });
  for (const header of [
    { alg: 'ES256', kid, jwk },
    { alg: 'ES256', jwk },
    { alg: 'ES256', kid: '../x', jku: 'http://x/' },
  ]) {
    const signed = `${encode(header)}.${payload}`;
    const key = { key: mallory.privateKey, dsaEncoding: 'ieee-p1363' } as const;
    const signature = sign('sha256', Buffer.from(signed), key).toString('base64url');
    await assertRefused(`${signed}.${signature}`, 'bad-signature');
  }
});

test('what is no token, or too long, is refused unread', async () => {
  for (const text of ['', 'a.b.c', 'Bearer x', '..', 'a'.repeat(16_384), '\u0000', 'ü.ü.ü'])
    await assertRefused(text, 'malformed');
  await assertRefused('a'.repeat(16_385), 'too-large');
  await fc.assert(
    fc.asyncProperty(fc.string({ maxLength: 200 }), async (text) => {
      assert.notEqual((await reviewer.review(text)).kind, 'authenticated');
    }),
  );
});

test('well signed claims that are not those of a pod are malformed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pelagos-token-'));
  try {
    const own = await TokenIssuer.loadOrCreate(folder, { issuer: ISSUER, now: () => NOW });
    const by = reviewerAt(NOW, [own.publicKey]);
    const key = createPrivateKey(await readFile(join(folder, 'token-key.pem'), 'utf8'));
    const good = claimsOf(await own.issue(SUBJECT, OPTIONS));
    const kubernetes = good['kubernetes.io'];
    const forge = (claims: Record<string, unknown>) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: own.publicKey.keyId }).sign(key);
    assert.equal((await by.review(await forge(good))).kind, 'authenticated');
    const without = (name: string) => Object.fromEntries(Object.entries(good).filter(([key]) => key !== name));
    for (const name of Object.keys(good).filter((name) => name !== 'iss')) {
      await assertRefused(await forge(without(name)), 'malformed', by);
    }
    await assertRefused(await forge(without('iss')), 'wrong-issuer', by);
    const changes: readonly Record<string, unknown>[] = [
      { sub: 'system:serviceaccount:default:admin' },
      { sub: 'system:node:one' },
      { 'kubernetes.io': { ...kubernetes, namespace: 'kube-system' } },
      { 'kubernetes.io': { ...kubernetes, pod: undefined } },
      { 'kubernetes.io': { ...kubernetes, pod: { name: 'a/b', uid: 'x' } } },
      { 'kubernetes.io': 'text' },
      { exp: 'tomorrow' },
    ];
    for (const change of changes) await assertRefused(await forge({ ...good, ...change }), 'malformed', by);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the issuer keeps its key over a restart, for its user alone, and shows it to nobody', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'pelagos-token-'));
  t.after(() => rm(folder, { recursive: true }));
  const context = { issuer: ISSUER, now: () => NOW };
  const made = await Promise.all([1, 2, 3].map(() => TokenIssuer.loadOrCreate(folder, context)));
  assert.equal(new Set(made.map((each) => each.publicKey.keyId)).size, 1);
  const path = join(folder, 'token-key.pem');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  const shown = `${JSON.stringify(made[0])}${inspect(made[0], { depth: 9 })}`;
  assert.doesNotMatch(shown, /PRIVATE/);
  if (process.platform !== 'win32') {
    await chmod(path, 0o644);
    await assert.rejects(TokenIssuer.loadOrCreate(folder, context), /mode 0644/);
    await chmod(path, 0o600);
  }
  await writeFile(path, 'nonsense');
  await assert.rejects(TokenIssuer.loadOrCreate(folder, context), /holds no ECDSA P-256 private key/);
});

test('tokens that nobody should have are not made', async () => {
  const refused = { code: 'token-request-invalid' };
  await assert.rejects(issuer.issue(SUBJECT, { audiences: [], ttlMs: HOUR }), refused);
  for (const ttlMs of [0, 24 * HOUR + 1, Number.NaN]) {
    await assert.rejects(issuer.issue(SUBJECT, { audiences: [AUDIENCE], ttlMs }), refused);
  }
  for (const namespace of ['', 'a.b', 'a:b', 'A', 'a'.repeat(64)]) {
    await assert.rejects(issuer.issue({ ...SUBJECT, namespace }, OPTIONS), refused);
  }
  await assert.rejects(issuer.issue({ ...SUBJECT, pod: { name: 'a', uid: '' } }, OPTIONS), refused);
});
