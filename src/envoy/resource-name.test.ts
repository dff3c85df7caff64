import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type ClusterName,
  formatClusterName,
  formatInboundClusterName,
  formatSniClusterName,
  formatVirtualHostName,
  parseClusterName,
  parseSniClusterName,
  parseVirtualHostName,
} from './resource-name.ts';

const REVIEWS: ClusterName = {
  direction: 'outbound',
  port: 80,
  subset: 'v1',
  hostname: 'reviews.default.svc.cluster.local',
};

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
const outbound: fc.Arbitrary<ClusterName> = fc
  .tuple(
    fc.integer({ min: 1, max: 65535 }),
    fc.oneof(fc.constant(''), label),
    fc.array(label, { minLength: 1, maxLength: 5 }),
  )
  .map(([port, subset, labels]) => ({ direction: 'outbound', port, subset, hostname: labels.join('.') }));

test('clusters are named as Istio names them', () => {
  assert.equal(formatClusterName(REVIEWS), 'outbound|80|v1|reviews.default.svc.cluster.local');
  assert.equal(formatSniClusterName(REVIEWS), 'outbound_.80_.v1_.reviews.default.svc.cluster.local');
  assert.equal(formatInboundClusterName(8080), 'inbound|8080||');
  const whole = { ...REVIEWS, subset: '' };
  assert.equal(formatSniClusterName(whole), 'outbound_.80_._.reviews.default.svc.cluster.local');
  assert.deepEqual(parseSniClusterName(formatSniClusterName(whole)), whole);
  assert.deepEqual(parseClusterName('inbound|8080||'), { direction: 'inbound', port: 8080, subset: '', hostname: '' });
  assert.deepEqual(parseClusterName('outbound|443||*.cluster2')?.hostname, '*.cluster2');
});

test('what is written is what is read', () => {
  fc.assert(
    fc.property(outbound, (name) => {
      assert.deepEqual(parseClusterName(formatClusterName(name)), name);
      assert.deepEqual(parseSniClusterName(formatSniClusterName(name)), name);
    }),
  );
});

test('whatever parses is written back as it was', () => {
  const pieces = fc.constantFrom('outbound', 'inbound', '|', '_.', '80', '0', '-1', '65536', 'v1', 'a.b', '_', '.');
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 9 }), (parts) => {
      const text = parts.join('');
      const cluster = parseClusterName(text);
      if (cluster) assert.equal(formatClusterName(cluster), text);
      const sni = parseSniClusterName(text);
      if (sni) assert.equal(formatSniClusterName(sni), text);
    }),
  );
});

test('other names are no cluster names of services', () => {
  const others = [
    '',
    'BlackHoleCluster',
    'outbound|80|v1',
    'outbound|80|v1|a|b',
    'outbound|080||a',
    'outbound|0||a',
    'outbound|65536||a',
    'sideways|80||a',
    `outbound|80||${'a'.repeat(600)}`,
  ];
  for (const text of others) assert.equal(parseClusterName(text), undefined, text);
  const sniOthers = [
    'reviews.default',
    'outbound_.80_.v1_.',
    'outbound_.80_.a',
    'inbound_.80_._.a',
    'outbound_.80_.a_.b_.c',
  ];
  for (const text of sniOthers) assert.equal(parseSniClusterName(text), undefined, text);
});

test('a virtual host is asked for by route configuration and host', () => {
  const name = { routeConfiguration: 'http_proxy', host: 'service.cluster2:8080' };
  assert.equal(formatVirtualHostName(name), 'http_proxy/service.cluster2:8080');
  assert.deepEqual(parseVirtualHostName('http_proxy/service.cluster2:8080'), name);
  assert.deepEqual(parseVirtualHostName('a/b/c'), { routeConfiguration: 'a/b', host: 'c' });
  for (const text of ['', 'host', '/host', 'routes/']) assert.equal(parseVirtualHostName(text), undefined, text);
});
