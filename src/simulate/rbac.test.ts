import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  RBAC_Action as Action,
  type PermissionSchema,
  type PrincipalSchema,
  RBACSchema,
} from '../envoy/gen/envoy/config/rbac/v3/rbac_pb.ts';
import { decide, type RbacFacts } from './rbac.ts';

type PermissionInit = MessageInitShape<typeof PermissionSchema>;
type PrincipalInit = MessageInitShape<typeof PrincipalSchema>;

const CLIENT = 'spiffe://cluster.local/ns/default/sa/client';
const FACTS: RbacFacts = {
  destination: { address: '10.0.0.1', port: 8080 },
  source: { address: '10.0.0.9', port: 5000 },
  remoteAddress: '192.0.2.7',
  serverName: 'a.example',
  tls: true,
  peer: { uris: [CLIENT], dnsNames: [] },
  filterState: new Map(),
  request: {
    method: 'GET',
    scheme: 'http',
    authority: 'a.example',
    path: '/x?y',
    headers: { 'x-user': 'jo' },
    version: 'http/1.1',
  },
};

const ANY_PERMISSION: PermissionInit = { rule: { case: 'any', value: true } };
const ANY_PRINCIPAL: PrincipalInit = { identifier: { case: 'any', value: true } };
const exact = (value: string): { matchPattern: { case: 'exact'; value: string } } => ({
  matchPattern: { case: 'exact', value },
});

function allows(
  policy: { readonly to?: PermissionInit; readonly from?: PrincipalInit },
  facts: Partial<RbacFacts> = {},
): boolean {
  const { to = ANY_PERMISSION, from = ANY_PRINCIPAL } = policy;
  const rules = create(RBACSchema, {
    action: Action.ALLOW,
    policies: { p: { permissions: [to], principals: [from] } },
  });
  return decide(rules, { ...FACTS, ...facts }).allowed;
}

test('identities: by name, and only over TLS', () => {
  const from: PrincipalInit = { identifier: { case: 'authenticated', value: { principalName: exact(CLIENT) } } };
  assert.ok(allows({ from }));
  assert.ok(!allows({ from }, { peer: { uris: ['spiffe://cluster.local/ns/other/sa/client'], dnsNames: [] } }));
  assert.ok(!allows({ from }, { tls: false, peer: undefined }));
  const anybody: PrincipalInit = { identifier: { case: 'authenticated', value: {} } };
  assert.ok(allows({ from: anybody }) && !allows({ from: anybody }, { tls: false, peer: undefined }));
});

test('addresses: the connection, and where the request came from at first', () => {
  const range = { addressPrefix: '192.0.2.0', prefixLen: 24 };
  assert.ok(allows({ from: { identifier: { case: 'remoteIp', value: range } } }));
  assert.ok(!allows({ from: { identifier: { case: 'directRemoteIp', value: range } } }));
});

test('operations: method, path without query, host, port, server name, and their combinations', () => {
  const method = (value: string): PermissionInit => ({
    rule: {
      case: 'header',
      value: { name: ':method', headerMatchSpecifier: { case: 'stringMatch', value: exact(value) } },
    },
  });
  assert.ok(allows({ to: method('GET') }) && !allows({ to: method('DELETE') }));
  assert.ok(!allows({ to: method('GET') }, { request: undefined }));
  const path: PermissionInit = { rule: { case: 'urlPath', value: { rule: { case: 'path', value: exact('/x') } } } };
  assert.ok(allows({ to: path }));
  const both = (rules: PermissionInit[]): PermissionInit => ({ rule: { case: 'andRules', value: { rules } } });
  assert.ok(allows({ to: both([method('GET'), path]) }) && !allows({ to: both([method('POST'), path]) }));
  assert.ok(allows({ to: { rule: { case: 'orRules', value: { rules: [method('POST'), path] } } } }));
  assert.ok(allows({ to: { rule: { case: 'notRule', value: method('POST') } } }));
  assert.ok(allows({ to: { rule: { case: 'destinationPort', value: 8080 } } }));
  assert.ok(!allows({ to: { rule: { case: 'destinationPortRange', value: { start: 8000, end: 8080 } } } }));
  assert.ok(allows({ to: { rule: { case: 'requestedServerName', value: exact('a.example') } } }));
});

test('ALLOW refuses what no policy takes, DENY lets it through; the policy that decides is named', () => {
  const policies = { p: { permissions: [ANY_PERMISSION], principals: [ANY_PRINCIPAL] } };
  assert.deepEqual(decide(create(RBACSchema, { action: Action.ALLOW }), FACTS), { allowed: false, policy: undefined });
  assert.deepEqual(decide(create(RBACSchema, { action: Action.DENY }), FACTS), { allowed: true, policy: undefined });
  assert.deepEqual(decide(create(RBACSchema, { action: Action.DENY, policies }), FACTS), {
    allowed: false,
    policy: 'p',
  });
  assert.deepEqual(decide(create(RBACSchema, { action: Action.LOG, policies }), FACTS), { allowed: true, policy: 'p' });
});
