/** Who may connect to a workload's port: PeerAuthentication, and what AuthorizationPolicies become. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Filter } from '../../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import { RBAC_Action } from '../../envoy/gen/envoy/config/rbac/v3/rbac_pb.ts';
import { RBACSchema as HttpRbacSchema } from '../../envoy/gen/envoy/extensions/filters/http/rbac/v3/rbac_pb.ts';
import { HttpConnectionManagerSchema } from '../../envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';
import { RBACSchema as NetworkRbacSchema } from '../../envoy/gen/envoy/extensions/filters/network/rbac/v3/rbac_pb.ts';
import { unpack } from '../../envoy/index.ts';
import { istioText, podText, serviceText } from '../testing/manifests.ts';
import { PaperMesh } from '../testing/paper-mesh.ts';

function chainsOf(policies: string, port = 8080): Readonly<Record<string, readonly Filter[]>> {
  const text =
    podText({ name: 'a', labels: { app: 'reviews' } }) +
    serviceText({ name: 'reviews' }) +
    serviceText({ name: 'reviews-tcp', port: 81, portName: 'tcp' })
      .replace('{app: reviews-tcp}', '{app: reviews}')
      .replace('targetPort: 8080', 'targetPort: 9090');
  const mesh = new PaperMesh({ clusters: { cluster1: text + policies } });
  const listener = mesh.sidecar('cluster1/default/a', [8080, 9090]).listener(`127.9.9.9_${port}`);
  return Object.fromEntries((listener?.filterChains ?? []).map(({ name, filters }) => [name, filters]));
}

const STRICT = ['mtls'];
const PERMISSIVE = ['mtls', 'application-tls', 'plaintext'];
const DISABLE = ['plaintext'];

function peer(name: string, spec: string, namespace = 'default'): string {
  return istioText('PeerAuthentication', name, spec, namespace);
}

describe('PeerAuthentication', () => {
  const mesh = peer('default', '{mtls: {mode: STRICT}}', 'istio-system');
  const namespace = peer('default', '{mtls: {mode: DISABLE}}');
  const workload = peer('w', '{selector: {matchLabels: {app: reviews}}, mtls: {mode: STRICT}}');
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    ['permissive where nobody says', '', PERMISSIVE],
    ["the mesh's", mesh, STRICT],
    ["the namespace's before the mesh's", mesh + namespace, DISABLE],
    ["the workload's before the namespace's", namespace + workload, STRICT],
    ['UNSET inherits', mesh + peer('default', '{mtls: {mode: UNSET}}'), STRICT],
    [
      'one for other workloads says nothing',
      peer('w', '{selector: {matchLabels: {app: x}}, mtls: {mode: STRICT}}'),
      PERMISSIVE,
    ],
    [
      "a port's before all",
      peer(
        'w',
        '{selector: {matchLabels: {app: reviews}}, mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: DISABLE}}}',
      ),
      DISABLE,
    ],
    [
      "another port's says nothing",
      peer(
        'w',
        '{selector: {matchLabels: {app: reviews}}, mtls: {mode: STRICT}, portLevelMtls: {9090: {mode: DISABLE}}}',
      ),
      STRICT,
    ],
    [
      'a port that is UNSET inherits',
      peer(
        'w',
        '{selector: {matchLabels: {app: reviews}}, mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: UNSET}}}',
      ),
      STRICT,
    ],
  ];
  for (const [name, text, want] of cases) test(name, () => assert.deepEqual(Object.keys(chainsOf(text)), want));
});

function actionName(action: RBAC_Action): string {
  return action === RBAC_Action.ALLOW ? 'ALLOW' : 'DENY';
}

/** The rule sets of a chain in order: action and names of the policies. */
function ruleSets(filters: readonly Filter[]): readonly (readonly [string, readonly string[]])[] {
  return filters.flatMap(({ configType }) => {
    const any = configType.case === 'typedConfig' ? configType.value : undefined;
    const network = any?.typeUrl.includes('network.rbac') ? unpack(any, NetworkRbacSchema) : undefined;
    if (network?.rules) return [[actionName(network.rules.action), Object.keys(network.rules.policies)] as const];
    const manager = any?.typeUrl.includes('http_connection_manager')
      ? unpack(any, HttpConnectionManagerSchema)
      : undefined;
    return (manager?.httpFilters ?? []).flatMap(({ configType: http }) => {
      const config =
        http.case === 'typedConfig' && http.value.typeUrl.includes('.rbac.')
          ? unpack(http.value, HttpRbacSchema)
          : undefined;
      return config?.rules ? [[actionName(config.rules.action), Object.keys(config.rules.policies)] as const] : [];
    });
  });
}

function policy(name: string, spec: string, namespace = 'default'): string {
  return istioText('AuthorizationPolicy', name, spec, namespace);
}

describe('AuthorizationPolicy', () => {
  const sets = (text: string, port = 8080, chain = 'mtls'): ReturnType<typeof ruleSets> =>
    ruleSets(chainsOf(text, port)[chain] ?? []);

  test('none: everything passes; an empty one: nothing does', () => {
    assert.deepEqual(sets(''), []);
    assert.deepEqual(sets(policy('nothing', '{}')), [['ALLOW', []]]);
  });

  test("deny is asked before allow; other workloads' policies are not", () => {
    const text =
      policy('allow', '{rules: [{to: [{operation: {methods: [GET]}}]}]}') +
      policy('deny', '{action: DENY, rules: [{from: [{source: {notNamespaces: [default]}}]}]}', 'istio-system') +
      policy('other', '{selector: {matchLabels: {app: x}}, rules: [{}]}');
    assert.deepEqual(sets(text), [
      ['DENY', ['ns[istio-system]-policy[deny]-rule[0]']],
      ['ALLOW', ['ns[default]-policy[allow]-rule[0]']],
    ]);
  });

  test('on TCP, a rule that allows by HTTP never does, and one that denies by it denies by what is left', () => {
    assert.deepEqual(sets(policy('a', '{rules: [{to: [{operation: {methods: [GET]}}]}]}'), 9090), [['ALLOW', []]]);
    const deny = policy('d', '{action: DENY, rules: [{to: [{operation: {methods: [GET], ports: ["9090"]}}]}]}');
    assert.deepEqual(sets(deny, 9090), [['DENY', ['ns[default]-policy[d]-rule[0]']]]);
  });

  test('a condition that cannot be checked here allows nothing', () => {
    const text = policy('a', '{rules: [{when: [{key: "experimental.envoy.filters.x[y]", values: [z]}]}]}');
    assert.deepEqual(sets(text), [['ALLOW', []]]);
    assert.deepEqual(sets(policy('a', '{rules: [{when: [{key: source.trustDomain, values: [x]}]}]}')), [
      ['ALLOW', ['ns[default]-policy[a]-rule[0]']],
    ]);
  });

  test("the application's own TLS is no way around a policy", () => {
    assert.deepEqual(sets(policy('nothing', '{}'), 8080, 'application-tls'), [['ALLOW', []]]);
  });
});
