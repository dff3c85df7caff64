import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { VirtualHostSchema } from '../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { RouteConfigurationSchema } from '../envoy/gen/envoy/config/route/v3/route_pb.ts';
import { chooseVirtualHost, domainOf } from './virtual-host-match.ts';

function chosen(domains: readonly string[], host: string): string | undefined {
  const hosts = domains.map((domain) => create(VirtualHostSchema, { name: domain, domains: [domain] }));
  return chooseVirtualHost(hosts, host)?.name;
}

test('exact, then the longest suffix wildcard, then the longest prefix wildcard, then everything', () => {
  const domains = ['*', 'a.*', 'a.b.*', '*.com', '*.example.com', 'a.b.example.com'];
  assert.equal(chosen(domains, 'a.b.example.com'), 'a.b.example.com');
  assert.equal(chosen(domains, 'a.c.example.com'), '*.example.com');
  assert.equal(chosen(domains, 'a.b.com'), '*.com');
  assert.equal(chosen(domains, 'a.b.org'), 'a.b.*');
  assert.equal(chosen(domains, 'a.org'), 'a.*');
  assert.equal(chosen(domains, 'x.org'), '*');
});

test('a wildcard stands for at least one character', () => {
  assert.equal(chosen(['*.example.com'], '.example.com'), undefined);
  assert.equal(chosen(['*-bar.foo.com'], '-bar.foo.com'), undefined);
  assert.equal(chosen(['*-bar.foo.com'], 'baz-bar.foo.com'), '*-bar.foo.com');
});

test('hosts compare without case, and with their port unless the configuration ignores ports', () => {
  const config = create(RouteConfigurationSchema, {});
  assert.equal(domainOf(config, 'A.Example:8080'), 'a.example:8080');
  assert.equal(chosen(['A.example'], 'a.example'), 'A.example');
  assert.equal(chosen(['a.example'], 'a.example:8080'), undefined);
  const ignoring = create(RouteConfigurationSchema, { ignorePortInHostMatching: true });
  assert.equal(domainOf(ignoring, 'a.example:8080'), 'a.example');
  assert.equal(domainOf(ignoring, '[::1]:8080'), '[::1]');
});
