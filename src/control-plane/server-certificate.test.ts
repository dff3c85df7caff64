import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CertificateAuthority, RotatingAuthority } from '../security/index.ts';
import { ServerCertificate } from './server-certificate.ts';

const HOUR_MS = 3_600_000;

test('an authority that has run out leaves the certificate from before, until another one signs', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let nowMs = Date.parse('2026-01-01T00:00:00Z');
  const context = { trustDomain: 'cluster.local', now: () => nowMs };
  const pass = (ms: number): void => {
    nowMs += ms;
    t.mock.timers.tick(ms);
  };
  const ca = new RotatingAuthority(CertificateAuthority.createRoot('cluster1', context, 18 * HOUR_MS));
  const failures: unknown[] = [];
  const certificate = new ServerCertificate({
    ca,
    names: ['istiod'],
    address: '127.0.0.1',
    now: context.now,
    onFailure: (error) => failures.push(error),
  });
  let renewed = 0;
  certificate.onRenewed(() => {
    renewed += 1;
  });
  t.after(() => certificate.close());
  pass(12 * HOUR_MS);
  const last = certificate.pair;
  assert.deepEqual([renewed, failures.length], [1, 0]);
  pass(12 * HOUR_MS);
  assert.deepEqual([renewed, failures.length, certificate.pair === last], [1, 1, true]);
  pass(60_000);
  assert.match(String(failures[1]), /expired/);
  ca.replace(CertificateAuthority.createRoot('cluster1', context));
  assert.equal(renewed, 2);
  pass(60_000);
  assert.deepEqual([renewed, failures.length], [2, 2]);
});
