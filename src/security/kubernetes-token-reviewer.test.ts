import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubernetesTokenReviewer, type TokenReviewStatus } from './kubernetes-token-reviewer.ts';
import type { TokenSubject } from './service-account-token.ts';
import { TokenIssuer } from './token-issuer.ts';

const NOW = Date.UTC(2030, 0, 15, 12, 0, 0);
const HOUR = 3_600_000;
const ISSUER = 'https://kubernetes.default.svc';
const SUBJECT: TokenSubject = {
  namespace: 'default',
  serviceAccount: { name: 'reviews', uid: 'u1' },
  pod: { name: 'reviews-1', uid: 'u2' },
};

interface World {
  nowMs: number;
  status: TokenReviewStatus | Error;
  keys: readonly TokenIssuer[] | Error;
  asked: number;
  fetched: number;
}

function setUp(): { readonly world: World; readonly reviewer: KubernetesTokenReviewer; readonly issuer: TokenIssuer } {
  const world: World = { nowMs: NOW, status: new Error('away'), keys: new Error('away'), asked: 0, fetched: 0 };
  const now = (): number => world.nowMs;
  const reviewer = new KubernetesTokenReviewer({
    cluster: 'one',
    audience: 'istio-ca',
    now,
    ask: async () => {
      world.asked++;
      await new Promise(setImmediate);
      if (world.status instanceof Error) throw world.status;
      return world.status;
    },
    fetchKeys: async () => {
      world.fetched++;
      if (world.keys instanceof Error) throw world.keys;
      const keys = world.keys.map(({ publicKey }) => ({
        ...publicKey.key.export({ format: 'jwk' }),
        kid: publicKey.keyId,
        use: 'sig',
      }));
      return { issuer: ISSUER, jwks: { keys } };
    },
  });
  return { world, reviewer, issuer: TokenIssuer.create({ issuer: ISSUER, now }) };
}

const issue = (issuer: TokenIssuer, audience = 'istio-ca'): Promise<string> =>
  issuer.issue(SUBJECT, { audiences: [audience], ttlMs: HOUR });

const YES: TokenReviewStatus = {
  authenticated: true,
  audiences: ['istio-ca'],
  user: {
    username: 'system:serviceaccount:default:reviews',
    extra: {
      'authentication.kubernetes.io/pod-name': ['reviews-1'],
      'authentication.kubernetes.io/pod-uid': ['u2'],
    },
  },
};

test('an answer is asked for once in a minute, and not beyond the end of the token', async () => {
  const { world, reviewer, issuer } = setUp();
  world.status = YES;
  const token = await issue(issuer);
  const results = await Promise.all([1, 2, 3].map(() => reviewer.review(token)));
  assert.ok(results.every(({ kind }) => kind === 'authenticated'));
  assert.equal(world.asked, 1);
  world.nowMs += 59_000;
  await reviewer.review(token);
  assert.equal(world.asked, 1);
  world.nowMs = NOW + HOUR - 1_000;
  await reviewer.review(token);
  assert.equal(world.asked, 2);
  world.nowMs = NOW + HOUR;
  world.status = { authenticated: false };
  assert.equal((await reviewer.review(token)).kind, 'expired');
});

test('an answer that does not speak of our audience, or of a pod, is no yes', async () => {
  const cases: readonly (readonly [TokenReviewStatus, string])[] = [
    [{ ...YES, audiences: [] }, 'wrong-audience'],
    [{ authenticated: true, ...(YES.user ? { user: YES.user } : {}) }, 'wrong-audience'],
    [{ ...YES, user: { username: 'system:serviceaccount:default:reviews' } }, 'malformed'],
    [{ ...YES, user: { ...YES.user, username: 'system:node:one' } }, 'malformed'],
    [{ ...YES, user: { ...YES.user, username: 'system:serviceaccount:a:b:c' } }, 'malformed'],
    [{}, 'refused'],
  ];
  for (const [status, kind] of cases) {
    const { world, reviewer, issuer } = setUp();
    world.status = status;
    assert.equal((await reviewer.review(await issue(issuer))).kind, kind, JSON.stringify(status));
  }
});

test('what the API server says of a refusal is told, without control characters and without end', async () => {
  const { world, reviewer, issuer } = setUp();
  world.status = { authenticated: false, error: `pod is gone\u001b[31m${'x'.repeat(1000)}` };
  const result = await reviewer.review(await issue(issuer));
  assert.ok(result.kind === 'refused');
  assert.match(result.message, /\(one: pod is gone \[31mx+\)$/);
  assert.ok(result.message.length < 600);
});

test('by keys: nobody is asked, a new key is fetched when it is met, and rubbish fetches nothing', async () => {
  const { world, reviewer, issuer } = setUp();
  world.keys = [issuer];
  assert.equal((await reviewer.review(await issue(issuer))).kind, 'authenticated');
  assert.equal((await reviewer.review(await issue(issuer, 'vault'))).kind, 'wrong-audience');
  const next = TokenIssuer.create({ issuer: ISSUER, now: () => world.nowMs });
  world.keys = [issuer, next];
  world.nowMs += 6_000;
  assert.equal((await reviewer.review(await issue(next))).kind, 'authenticated');
  assert.deepEqual([world.asked, world.fetched], [0, 2]);
  for (let i = 0; i < 10; i++) {
    const liar = TokenIssuer.create({ issuer: ISSUER, now: () => world.nowMs });
    assert.equal((await reviewer.review(await issue(liar))).kind, 'unavailable');
  }
  assert.equal(world.fetched, 2);
});

test('keys that were withdrawn are given up after five minutes, or a day after the API server went', async () => {
  const { world, reviewer, issuer } = setUp();
  const next = TokenIssuer.create({ issuer: ISSUER, now: () => world.nowMs });
  world.keys = [issuer];
  await reviewer.review(await issue(issuer));
  world.keys = new Error('away');
  world.nowMs += 23 * HOUR;
  assert.equal((await reviewer.review(await issue(issuer))).kind, 'authenticated');
  world.keys = [next];
  world.nowMs += 60_000;
  await reviewer.review(await issue(issuer));
  world.status = { authenticated: false };
  assert.equal((await reviewer.review(await issue(issuer))).kind, 'refused');
  world.keys = new Error('away');
  world.nowMs += 25 * HOUR;
  world.status = new Error('away');
  assert.equal((await reviewer.review(await issue(next))).kind, 'unavailable');
});

test('no more than fifty questions are open at a time', async () => {
  const { world, reviewer, issuer } = setUp();
  world.status = YES;
  const tokens = await Promise.all(
    Array.from({ length: 60 }, (_, n) =>
      issuer.issue({ ...SUBJECT, pod: { name: `p${n}`, uid: 'u' } }, { audiences: ['istio-ca'], ttlMs: HOUR }),
    ),
  );
  const kinds = (await Promise.all(tokens.map((token) => reviewer.review(token)))).map(({ kind }) => kind);
  assert.equal(kinds.filter((kind) => kind === 'unavailable').length, 10);
  assert.equal(world.asked, 50);
});
