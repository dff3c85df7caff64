import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { VirtualHostSchema } from '../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { formatWalk, outcomesOf, type ProxySite, walk } from './index.ts';
import { CLIENT, call, client, type Route, SERVER, summary, world } from './testing/sample-world.ts';

test('a request reaches pods of its own network and, through the gateway, of another one, with its identity', () => {
  const found = call();
  assert.deepEqual(summary(found), ['0.50 200 from far', '0.50 200 from near'], formatWalk(found));
  for (const { outcome } of found.paths) {
    assert.equal(outcome.request?.headers['x-forwarded-client-cert'], `By=${SERVER};URI=${CLIENT}`);
  }
  const far = found.paths.find(({ outcome }) => outcome.app?.fields['pod'] === 'far');
  assert.deepEqual(
    far?.hops.filter(({ kind }) => kind === 'listener').map(({ proxy, name }) => `${proxy} ${name}`),
    ['client http_proxy', 'client network|far', 'gateway east-west', 'far inbound'],
  );
});

test('what the policy behind the gateway refuses is a 403 to the caller', () => {
  const [first] = outcomesOf(call({ method: 'DELETE' }));
  assert.equal(first?.outcome.status, 403);
  assert.equal(first?.outcome.body, 'RBAC: access denied');
  assert.equal(first?.outcome.failure?.kind, 'rbac-denied');
});

test('a host that nobody has is a 404, and plaintext to a strict listener a closed connection', () => {
  assert.deepEqual(
    call({ host: 'nobody' }).paths.map(({ outcome }) => [outcome.status, outcome.failure?.kind]),
    [[404, 'no-virtual-host']],
  );
  const plain = walk(world([]), 'near', {
    kind: 'http',
    via: { kind: 'direct' },
    destination: { address: '10.1.0.1', port: 8080 },
    host: 'service',
  });
  assert.deepEqual(
    plain.paths.map(({ outcome }) => [outcome.status, outcome.failure?.kind]),
    [[undefined, 'no-filter-chain']],
  );
});

test('CONNECT carries any bytes to the service', () => {
  const connect: Route = {
    match: { pathSpecifier: { case: 'connectMatcher', value: {} } },
    action: {
      case: 'route',
      value: {
        clusterSpecifier: { case: 'cluster', value: 'service' },
        upgradeConfigs: [{ upgradeType: 'CONNECT', connectConfig: {} }],
      },
    },
  };
  const found = walk(
    { ...world([]), proxy: (key) => (key === 'client' ? withHost(connect) : world([]).proxy(key)) },
    'client',
    {
      kind: 'tcp',
      via: { kind: 'http-proxy', listener: { address: '127.0.0.1', port: 15080 } },
      destination: { address: '', port: 80 },
      host: 'service.cluster2',
    },
  );
  // The server's chain reads HTTP, so the tunnel gets there and the bytes are refused there.
  assert.ok(
    found.paths.every(({ outcome }) => outcome.failure?.kind === 'protocol-error'),
    formatWalk(found),
  );
});

function withHost(route: Route): ProxySite {
  const own = client([]);
  const host = create(VirtualHostSchema, {
    name: 'http_proxy/service.cluster2:80',
    domains: ['service.cluster2:80'],
    routes: [route],
  });
  return {
    ...own,
    resources: {
      ...own.resources,
      get: (type, name) => (name === host.name ? (host as never) : own.resources.get(type, name)),
    },
  };
}
