import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type RouteMatchSchema, VirtualHostSchema } from '../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import type { HttpRequest } from './payload.ts';
import { chooseRoutes } from './route-match.ts';

type Match = MessageInitShape<typeof RouteMatchSchema>;

const GET: HttpRequest = {
  method: 'GET',
  scheme: 'http',
  authority: 'a.example',
  path: '/',
  headers: {},
  version: 'http/1.1',
};

function shares(
  matches: Readonly<Record<string, Match>>,
  request: Partial<HttpRequest>,
): Readonly<Record<string, number>> {
  const virtualHost = create(VirtualHostSchema, {
    routes: Object.entries(matches).map(([name, match]) => ({ name, match })),
  });
  const facts = { request: { ...GET, ...request }, clientCertificate: false, filterState: new Map() };
  return Object.fromEntries(chooseRoutes(virtualHost, facts).map(({ route, share }) => [route?.name ?? 'none', share]));
}

function matches(match: Match, request: Partial<HttpRequest>): boolean {
  return shares({ it: match }, request)['it'] === 1;
}

test('paths: exact, prefix, prefix by segments, regular expression; the query does not count', () => {
  assert.ok(matches({ pathSpecifier: { case: 'path', value: '/a' } }, { path: '/a?x=1' }));
  assert.ok(!matches({ pathSpecifier: { case: 'path', value: '/a' } }, { path: '/a/' }));
  assert.ok(matches({ pathSpecifier: { case: 'prefix', value: '/a' } }, { path: '/ab' }));
  const segments: Match = { pathSpecifier: { case: 'pathSeparatedPrefix', value: '/a' } };
  assert.deepEqual(
    ['/a', '/a/b', '/ab'].map((path) => matches(segments, { path })),
    [true, true, false],
  );
  const regex: Match = { pathSpecifier: { case: 'safeRegex', value: { regex: '/v[0-9]+' } } };
  assert.deepEqual(
    ['/v12', '/v12/x', '/V1'].map((path) => matches(regex, { path })),
    [true, false, false],
  );
  assert.ok(matches({ pathSpecifier: { case: 'safeRegex', value: { regex: '(?i)/v1' } } }, { path: '/V1' }));
  assert.ok(matches({ pathSpecifier: { case: 'prefix', value: '/A' }, caseSensitive: false }, { path: '/abc' }));
});

test('CONNECT is only for routes that say so', () => {
  const connect = { method: 'CONNECT', path: '' };
  assert.deepEqual(
    shares(
      {
        any: { pathSpecifier: { case: 'prefix', value: '/' } },
        tunnel: { pathSpecifier: { case: 'connectMatcher', value: {} } },
      },
      connect,
    ),
    { tunnel: 1 },
  );
});

test('headers: all of them, pseudo headers too; a missing one matches only its absence', () => {
  const any = { pathSpecifier: { case: 'prefix' as const, value: '/' } };
  const exact = (name: string, value: string, rest: object = {}): Match => ({
    ...any,
    headers: [
      {
        name,
        headerMatchSpecifier: { case: 'stringMatch', value: { matchPattern: { case: 'exact', value } } },
        ...rest,
      },
    ],
  });
  assert.ok(matches(exact(':method', 'GET'), {}));
  assert.ok(matches(exact('X-User', 'jo'), { headers: { 'x-user': 'jo' } }));
  assert.ok(!matches(exact('x-user', 'jo'), {}));
  assert.ok(matches(exact('x-user', 'jo', { invertMatch: true }), { headers: { 'x-user': 'al' } }));
  assert.ok(!matches(exact('x-user', 'jo', { invertMatch: true }), {}));
  assert.ok(matches(exact('x-user', 'jo', { invertMatch: true, treatMissingHeaderAsEmpty: true }), {}));
  const absent: Match = {
    ...any,
    headers: [{ name: 'x-user', headerMatchSpecifier: { case: 'presentMatch', value: true }, invertMatch: true }],
  };
  assert.deepEqual([matches(absent, {}), matches(absent, { headers: { 'x-user': '' } })], [true, false]);
  const range: Match = {
    ...any,
    headers: [{ name: 'n', headerMatchSpecifier: { case: 'rangeMatch', value: { start: 1n, end: 10n } } }],
  };
  assert.deepEqual(
    ['0', '1', '9', '10', 'x'].map((n) => matches(range, { headers: { n } })),
    [false, true, true, false, false],
  );
});

test('query parameters and cookies', () => {
  const any = { pathSpecifier: { case: 'prefix' as const, value: '/' } };
  const exact = { matchPattern: { case: 'exact' as const, value: '1' } };
  const query: Match = {
    ...any,
    queryParameters: [{ name: 'v', queryParameterMatchSpecifier: { case: 'stringMatch', value: exact } }],
  };
  assert.deepEqual(
    ['/?v=1', '/?v=1&v=2', '/?v=2', '/'].map((path) => matches(query, { path })),
    [true, true, false, false],
  );
  const cookie: Match = { ...any, cookies: [{ name: 'c', stringMatch: exact }] };
  assert.deepEqual([matches(cookie, { headers: { cookie: 'a=2; c=1' } }), matches(cookie, {})], [true, false]);
});

test('the first route wins; a runtime fraction leaves the rest to those behind it', () => {
  const any = { pathSpecifier: { case: 'prefix' as const, value: '/' } };
  assert.deepEqual(shares({ first: any, second: any }, {}), { first: 1 });
  const quarter = { ...any, runtimeFraction: { defaultValue: { numerator: 25 } } };
  assert.deepEqual(
    shares({ quarter, half: { ...any, runtimeFraction: { defaultValue: { numerator: 50 } } }, rest: any }, {}),
    {
      quarter: 0.25,
      half: 0.375,
      rest: 0.375,
    },
  );
  assert.deepEqual(shares({ quarter }, {}), { quarter: 0.25, none: 0.75 });
});
