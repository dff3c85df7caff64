import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  HeaderValueOption_HeaderAppendAction as Append,
  type HeaderValueOptionSchema,
} from '../envoy/gen/envoy/config/core/v3/base_pb.ts';
import { RouteSchema } from '../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { type FormatFacts, formatText } from './format-string.ts';
import { mutateRequestHeaders } from './header-mutation.ts';

const FACTS: FormatFacts = {
  destination: { address: '10.0.0.1', port: 80 },
  source: { address: '10.0.0.9', port: 4000 },
  serverName: 'a.example',
  filterChain: 'chain',
  filterState: new Map([['key', 'state']]),
  peer: { uris: ['spiffe://td/ns/a/sa/b'], dnsNames: [] },
  request: { method: 'GET', scheme: 'http', authority: 'host', path: '/p', headers: { 'x-user': 'jo' }, version: 'h2' },
};

type Option = MessageInitShape<typeof HeaderValueOptionSchema>;

function mutated(
  headers: Readonly<Record<string, string>>,
  options: readonly Option[],
  remove: readonly string[] = [],
): object {
  const route = create(RouteSchema, { requestHeadersToAdd: [...options], requestHeadersToRemove: [...remove] });
  return mutateRequestHeaders(headers, [route], FACTS);
}

test('headers are appended, overwritten, added if absent, removed', () => {
  const option = (key: string, value: string, appendAction: Append): Option => ({
    header: { key, value },
    appendAction,
  });
  assert.deepEqual(mutated({ a: '1' }, [option('A', '2', Append.APPEND_IF_EXISTS_OR_ADD)]), { a: '1,2' });
  assert.deepEqual(mutated({ a: '1' }, [option('a', '2', Append.OVERWRITE_IF_EXISTS_OR_ADD)]), { a: '2' });
  assert.deepEqual(mutated({ a: '1' }, [option('a', '2', Append.ADD_IF_ABSENT)]), { a: '1' });
  assert.deepEqual(mutated({}, [option('a', '2', Append.OVERWRITE_IF_EXISTS)]), {});
  assert.deepEqual(mutated({ a: '1', b: '2' }, [], ['A']), { b: '2' });
  assert.deepEqual(mutated({ a: '1' }, [{ header: { key: 'a', value: '2' }, append: false }]), { a: '2' });
});

test('levels are applied from the most specific one', () => {
  const level = (value: string): ReturnType<typeof create<typeof RouteSchema>> =>
    create(RouteSchema, { requestHeadersToAdd: [{ header: { key: 'a', value } }] });
  assert.deepEqual(mutateRequestHeaders({}, [level('route'), level('host')], FACTS), { a: 'route,host' });
});

test("values are filled in with Envoy's operators", () => {
  const filled: Readonly<Record<string, string>> = {
    '%DOWNSTREAM_LOCAL_ADDRESS%': '10.0.0.1:80',
    '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%': '10.0.0.9',
    'sni=%REQUESTED_SERVER_NAME%': 'sni=a.example',
    '%REQ(X-User?:path)%': 'jo',
    '%REQ(x-none?:path)%': '/p',
    '%REQ(:AUTHORITY):2%': 'ho',
    '%FILTER_STATE(key:PLAIN)%': 'state',
    '%DOWNSTREAM_PEER_URI_SAN%': 'spiffe://td/ns/a/sa/b',
    '100%%': '100%',
    '%START_TIME%': '-',
  };
  for (const [format, text] of Object.entries(filled)) assert.equal(formatText(format, FACTS), text);
});
