import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type FilterChainMatchSchema,
  FilterChainMatch_ConnectionSourceType as SourceType,
} from '../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import { ListenerSchema } from '../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { type ConnectionFacts, chooseFilterChain } from './filter-chain-match.ts';

type Match = MessageInitShape<typeof FilterChainMatchSchema>;

/** The name of the chain that takes the connection, `default`, or what went wrong. */
function chosen(chains: Readonly<Record<string, Match>>, facts: Partial<ConnectionFacts>, withDefault = false): string {
  const listener = create(ListenerSchema, {
    filterChains: Object.entries(chains).map(([name, filterChainMatch]) => ({ name, filterChainMatch })),
    ...(withDefault ? { defaultFilterChain: { name: 'default' } } : {}),
  });
  const choice = chooseFilterChain(listener, {
    destination: { address: '10.0.0.1', port: 80 },
    source: { address: '10.9.9.9', port: 5000 },
    serverName: '',
    transportProtocol: 'raw_buffer',
    applicationProtocols: [],
    ...facts,
  });
  return choice.kind === 'chain' ? choice.chain.name : choice.kind;
}

test('the destination port is the first criterion', () => {
  const chains = { port: { destinationPort: 80 }, tls: { transportProtocol: 'tls' } };
  assert.equal(chosen(chains, { transportProtocol: 'tls' }), 'port');
  assert.equal(chosen(chains, { destination: { address: '10.0.0.1', port: 81 }, transportProtocol: 'tls' }), 'tls');
});

test('a chain that wins an early criterion and fails a later one leaves the default chain, not another one', () => {
  const chains = { strict: { destinationPort: 80, transportProtocol: 'tls' }, other: {} };
  assert.equal(chosen(chains, {}), 'none');
  assert.equal(chosen(chains, {}, true), 'default');
});

test('the longest prefix of the destination address wins', () => {
  const chains = {
    wide: { prefixRanges: [{ addressPrefix: '10.0.0.0', prefixLen: 8 }] },
    narrow: { prefixRanges: [{ addressPrefix: '10.0.0.0', prefixLen: 24 }] },
    any: {},
  };
  assert.equal(chosen(chains, {}), 'narrow');
  assert.equal(chosen(chains, { destination: { address: '10.5.0.1', port: 80 } }), 'wide');
  assert.equal(chosen(chains, { destination: { address: '11.0.0.1', port: 80 } }), 'any');
  assert.equal(chosen(chains, { destination: { address: 'fd00::1', port: 80 } }), 'any');
});

test('server names: exact, then the longest wildcard, then chains without names', () => {
  const chains = {
    exact: { serverNames: ['a.b.example.com'] },
    long: { serverNames: ['*.b.example.com'] },
    short: { serverNames: ['*.example.com'] },
    any: {},
  };
  const named = (serverName: string): string => chosen(chains, { serverName, transportProtocol: 'tls' });
  assert.equal(named('a.b.example.com'), 'exact');
  assert.equal(named('z.b.example.com'), 'long');
  assert.equal(named('b.example.com'), 'short');
  assert.equal(named('example.com'), 'any');
  assert.equal(named(''), 'any');
});

test('server names come before the transport protocol', () => {
  const chains = { named: { serverNames: ['a'], transportProtocol: 'raw_buffer' }, tls: { transportProtocol: 'tls' } };
  assert.equal(chosen(chains, { serverName: 'a', transportProtocol: 'tls' }), 'none');
});

test('of the application protocols the first that the caller offers and a chain has', () => {
  const chains = {
    mesh: { applicationProtocols: ['istio'] },
    http: { applicationProtocols: ['h2', 'http/1.1'] },
    any: {},
  };
  assert.equal(chosen(chains, { applicationProtocols: ['istio', 'h2'] }), 'mesh');
  assert.equal(chosen(chains, { applicationProtocols: ['h2', 'istio'] }), 'http');
  assert.equal(chosen(chains, { applicationProtocols: ['smtp'] }), 'any');
});

test('source addresses, kinds and ports come last', () => {
  const chains = {
    local: { sourceType: SourceType.SAME_IP_OR_LOOPBACK },
    external: { sourceType: SourceType.EXTERNAL },
    port: { sourceType: SourceType.EXTERNAL, sourcePorts: [7] },
  };
  assert.equal(chosen(chains, { source: { address: '127.0.0.1', port: 1 } }), 'local');
  assert.equal(chosen(chains, {}), 'external');
  assert.equal(chosen(chains, { source: { address: '10.9.9.9', port: 7 } }), 'port');
  const direct = { near: { directSourcePrefixRanges: [{ addressPrefix: '10.9.0.0', prefixLen: 16 }] }, any: {} };
  assert.equal(chosen(direct, {}), 'near');
});

test('chains with the same criteria are told, not chosen from', () => {
  assert.equal(
    chosen({ one: { serverNames: ['a'] }, two: { serverNames: ['a', 'b'] } }, { serverName: 'a' }),
    'several',
  );
});
