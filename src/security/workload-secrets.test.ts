import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { fromBinary } from '@bufbuild/protobuf';
import { SecretSchema } from '../envoy/gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts';
import { CertificateAuthority, type CertificateIssuer } from './certificate-authority.ts';
import type { WorkloadSecret } from './envoy-secret.ts';
import { TrustBundle } from './trust-bundle.ts';
import { WorkloadSecrets, type WorkloadSecretsOptions } from './workload-secrets.ts';

const START = Date.UTC(2030, 0, 15, 12, 0, 0);
const HOUR = 3_600_000;
const REVIEWS = 'spiffe://cluster.local/ns/default/sa/reviews';
const RATINGS = 'spiffe://cluster.local/ns/default/sa/ratings';

/** A clock that stands still until it is moved, and the timers that hang on it. */
function worldAt(startMs: number) {
  let nowMs = startMs;
  const timers = new Set<{ atMs: number; run: () => void }>();
  return {
    now: () => nowMs,
    timers,
    schedule: (run: () => void, delayMs: number) => {
      const timer = { atMs: nowMs + delayMs, run };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    /** Runs every timer in its order up to that time from now. */
    pass: (ms: number) => {
      const untilMs = nowMs + ms;
      for (;;) {
        const next = [...timers].sort((a, b) => a.atMs - b.atMs)[0];
        if (!next || next.atMs > untilMs) break;
        timers.delete(next);
        nowMs = Math.max(nowMs, next.atMs);
        next.run();
      }
      nowMs = untilMs;
    },
    /** The machine sleeps: time goes on, timers do not. */
    sleep: (ms: number) => {
      nowMs += ms;
      for (const timer of timers) timer.atMs += ms;
    },
  };
}

function setUp(options: Partial<WorkloadSecretsOptions> = {}) {
  const world = worldAt(START);
  const context = { trustDomain: 'cluster.local', now: world.now };
  const authority = CertificateAuthority.createRoot('one', context);
  const bundle = new TrustBundle(context);
  bundle.set('one', [authority.root.pem]);
  const { now, schedule } = world;
  const secrets = new WorkloadSecrets({ issuer: authority, bundle, now, schedule, random: () => 0, ...options });
  return { world, context, authority, bundle, secrets };
}

function decode(secret: WorkloadSecret | undefined): { chain: string; key: string; roots: string; name: string } {
  assert.ok(secret);
  const { name, type } = fromBinary(SecretSchema, secret.bytes);
  const text = (source: { specifier: { case?: string | undefined; value?: unknown } } | undefined): string => {
    assert.equal(source?.specifier.case, 'inlineBytes');
    assert.ok(source.specifier.value instanceof Uint8Array);
    return new TextDecoder().decode(source.specifier.value);
  };
  if (type.case === 'validationContext') return { name, chain: '', key: '', roots: text(type.value.trustedCa) };
  assert.equal(type.case, 'tlsCertificate');
  return { name, chain: text(type.value.certificateChain), key: text(type.value.privateKey), roots: '' };
}

test('a watched identity has its certificate and the roots, as Envoy reads them', () => {
  const { secrets, bundle } = setUp();
  assert.equal(secrets.get(REVIEWS, 'default'), undefined);
  secrets.watch(REVIEWS, 'default', () => {});
  const { name, chain, key } = decode(secrets.get(REVIEWS, 'default'));
  assert.equal(name, 'default');
  assert.equal(new X509Certificate(chain).subjectAltName, `URI:${REVIEWS}`);
  assert.match(key, /^-----BEGIN PRIVATE KEY-----/);
  const roots = decode(secrets.get(REVIEWS, 'ROOTCA'));
  assert.deepEqual([roots.name, roots.roots], ['ROOTCA', bundle.pem]);
});

test('a certificate is renewed at half its life, with a new key, and all its watchers are told', () => {
  const { world, secrets } = setUp({ ttlMs: 4 * HOUR });
  const heard: WorkloadSecret[][] = [[], []];
  for (const list of heard) secrets.watch(REVIEWS, 'default', (secret) => list.push(secret));
  const first = secrets.get(REVIEWS, 'default');
  world.pass(2 * HOUR - 1);
  assert.equal(secrets.get(REVIEWS, 'default'), first);
  world.pass(1);
  const second = secrets.get(REVIEWS, 'default');
  assert.deepEqual(heard, [[second], [second]]);
  assert.notEqual(second?.version, first?.version);
  assert.notEqual(decode(second).key, decode(first).key);
  assert.equal(new X509Certificate(decode(second).chain).validToDate.getTime(), START + 6 * HOUR);
  world.pass(24 * HOUR);
  assert.equal(heard[0]?.length, 13);
  assert.equal(world.timers.size, 1, 'one timer for all');
});

test('renewals are spread before half-life', () => {
  const { world, secrets } = setUp({ ttlMs: 4 * HOUR, random: () => 0.5 });
  const heard: WorkloadSecret[] = [];
  secrets.watch(REVIEWS, 'default', (secret) => heard.push(secret));
  world.pass(2 * HOUR * 0.95 - 1);
  assert.equal(heard.length, 0);
  world.pass(1);
  assert.equal(heard.length, 1);
});

test('a machine that slept past half-life renews within a minute of waking', () => {
  const { world, secrets } = setUp({ ttlMs: 4 * HOUR });
  const heard: WorkloadSecret[] = [];
  secrets.watch(REVIEWS, 'default', (secret) => heard.push(secret));
  world.pass(HOUR);
  world.sleep(5 * HOUR);
  world.pass(60_000);
  assert.equal(heard.length, 1);
});

test('one certificate per identity, dropped with its last watcher', () => {
  const { world, secrets } = setUp();
  const stops = [1, 2].map(() => secrets.watch(REVIEWS, 'default', () => {}));
  const stopRatings = secrets.watch(RATINGS, 'default', () => {});
  assert.equal(secrets.size, 2);
  assert.notEqual(secrets.get(REVIEWS, 'default')?.version, secrets.get(RATINGS, 'default')?.version);
  stops[0]?.();
  stops[0]?.();
  assert.ok(secrets.get(REVIEWS, 'default'), 'stopping twice counts once');
  stops[1]?.();
  assert.equal(secrets.get(REVIEWS, 'default'), undefined);
  stopRatings();
  assert.deepEqual([secrets.size, world.timers.size], [0, 0]);
});

test('a change of the bundle is told to those who watch it, with the same bytes for all', () => {
  const { secrets, bundle, context } = setUp();
  const heard: WorkloadSecret[] = [];
  const stop = secrets.watch(REVIEWS, 'ROOTCA', (secret) => heard.push(secret));
  secrets.watch(RATINGS, 'ROOTCA', (secret) => heard.push(secret));
  const other = CertificateAuthority.createRoot('two', context);
  bundle.set('two', [other.root.pem]);
  assert.equal(heard.length, 2);
  assert.equal(heard[0]?.bytes, heard[1]?.bytes);
  assert.equal(decode(heard[0]).roots, bundle.pem);
  stop();
  bundle.remove('two');
  assert.equal(heard.length, 3);
  bundle.remove('one');
  assert.equal(secrets.get(REVIEWS, 'ROOTCA'), undefined, 'an Envoy refuses a bundle without roots');
  assert.equal(heard.length, 3);
});

test('a new authority renews everything at once', () => {
  const { secrets, context } = setUp();
  const heard: WorkloadSecret[] = [];
  secrets.watch(REVIEWS, 'default', (secret) => heard.push(secret));
  secrets.watch(RATINGS, 'default', (secret) => heard.push(secret));
  const next = CertificateAuthority.createRoot('one', context);
  secrets.replaceIssuer(next);
  assert.equal(heard.length, 2);
  const key = new X509Certificate(next.root.pem).publicKey;
  assert.ok(heard.every((secret) => new X509Certificate(decode(secret).chain).verify(key)));
});

test('a renewal that fails keeps the old certificate, is reported, and is tried again', () => {
  const { world, authority, bundle } = setUp();
  let broken = false;
  const issuer: CertificateIssuer = {
    issue: (identity, options) => {
      if (broken) throw new Error('no signer');
      return authority.issue(identity, options);
    },
  };
  const failures: string[] = [];
  const secrets = new WorkloadSecrets({
    issuer,
    bundle,
    now: world.now,
    schedule: world.schedule,
    random: () => 0,
    ttlMs: 4 * HOUR,
    onRenewalFailure: (identity) => failures.push(identity),
  });
  const heard: WorkloadSecret[] = [];
  secrets.watch(REVIEWS, 'default', (secret) => heard.push(secret));
  const first = secrets.get(REVIEWS, 'default');
  broken = true;
  world.pass(2 * HOUR + 59_000);
  assert.deepEqual(failures, [REVIEWS, REVIEWS]);
  assert.equal(secrets.get(REVIEWS, 'default'), first);
  broken = false;
  world.pass(30_000);
  assert.equal(heard.length, 1);
  assert.throws(() => secrets.watch('nobody', 'default', () => {}), /SPIFFE/);
  assert.equal(secrets.size, 1);
});

test('a watcher that throws stops neither the others nor later renewals', () => {
  const { world, secrets } = setUp({ ttlMs: 4 * HOUR });
  const heard: WorkloadSecret[] = [];
  const stop = secrets.watch(REVIEWS, 'default', () => {
    throw new Error('broken watcher');
  });
  secrets.watch(REVIEWS, 'default', (secret) => heard.push(secret));
  secrets.watch(RATINGS, 'default', (secret) => heard.push(secret));
  assert.throws(() => world.pass(2 * HOUR), /broken watcher/);
  assert.equal(heard.length, 2);
  stop();
  world.pass(2 * HOUR);
  assert.equal(heard.length, 4);
});

test('closing forgets keys, watchers and the timer', () => {
  const { world, secrets, bundle, context } = setUp();
  const stop = secrets.watch(REVIEWS, 'default', () => assert.fail('closed'));
  secrets.watch(REVIEWS, 'ROOTCA', () => assert.fail('closed'));
  secrets.close();
  bundle.set('two', [CertificateAuthority.createRoot('two', context).root.pem]);
  world.pass(48 * HOUR);
  assert.deepEqual([secrets.size, world.timers.size], [0, 0]);
  stop();
});
