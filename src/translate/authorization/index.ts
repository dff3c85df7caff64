import type { MessageInitShape } from '@bufbuild/protobuf';
import type { AuthorizationCondition, AuthorizationRule } from '../../config/index.ts';
import type { Filter } from '../../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import { type PolicySchema, RBAC_Action, type RBACSchema } from '../../envoy/gen/envoy/config/rbac/v3/rbac_pb.ts';
import type { HttpFilter } from '../../envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';
import { httpRbacFilter, networkRbacFilter } from '../../envoy/index.ts';
import type { AuthorizationPolicy, MeshView, PolicySubject } from '../../mesh/index.ts';
import type { ObjectRef } from '../../model/index.ts';
import { conditionPermissions, operationNeedsHttp, operationPermission, type PolicyPort } from './permission.ts';
import { ANY_PERMISSION, ANY_PRINCIPAL, allPermissions, allPrincipals } from './predicate.ts';
import { conditionNeedsHttp, conditionPrincipals, sourceNeedsHttp, sourcePrincipal } from './principal.ts';

type PolicyInit = MessageInitShape<typeof PolicySchema>;
type Protocol = 'http' | 'tcp';

/** The filters that hold a workload's AuthorizationPolicies on one of its ports, for HTTP and for TCP. */
export interface AuthorizationFilters {
  readonly http: HttpFilter[];
  readonly network: Filter[];
  readonly origins: readonly ObjectRef[];
}

/** Deny rules are asked before allow rules; with allow rules, what none of them allows is refused (Istio). */
export function authorizationFilters(mesh: MeshView, subject: PolicySubject, port: PolicyPort): AuthorizationFilters {
  const policies = mesh.policies.authorization(subject);
  const of = (action: string): AuthorizationPolicy[] => policies.filter(({ spec }) => spec.action === action);
  // A CUSTOM policy asks an external authorizer: without one, nothing may pass that it would ask about (fail closed).
  const deny = [...of('CUSTOM'), ...of('DENY')];
  const allow = of('ALLOW');
  const rules = (protocol: Protocol): MessageInitShape<typeof RBACSchema>[] => [
    ...(deny.length > 0 ? [ruleSet(deny, { action: RBAC_Action.DENY, protocol, port })] : []),
    ...(allow.length > 0 ? [ruleSet(allow, { action: RBAC_Action.ALLOW, protocol, port })] : []),
  ];
  return {
    http: rules('http').map((set) => httpRbacFilter({ rules: set })),
    network: rules('tcp').map((set) => networkRbacFilter({ rules: set, statPrefix: 'tcp.' })),
    origins: [...deny, ...allow].map(({ ref }) => ref),
  };
}

interface Way {
  readonly action: RBAC_Action;
  readonly protocol: Protocol;
  readonly port: PolicyPort;
}

function ruleSet(policies: readonly AuthorizationPolicy[], way: Way): MessageInitShape<typeof RBACSchema> {
  const named = policies.flatMap((policy) =>
    (policy.spec.rules ?? []).flatMap((rule, index) => {
      const compiled = compile(policy, rule, way);
      return compiled
        ? [[`ns[${policy.meta.namespace}]-policy[${policy.meta.name}]-rule[${index}]`, compiled] as const]
        : [];
    }),
  );
  return { action: way.action, policies: Object.fromEntries(named) };
}

/**
 * One rule: any of `from`, and any of `to`, and all of `when`. On a TCP port HTTP attributes do not exist: a rule that
 * allows by them never allows, and one that denies by them denies by what is left (Istio).
 */
function compile(policy: AuthorizationPolicy, rule: AuthorizationRule, way: Way): PolicyInit | undefined {
  const sources = (rule.from ?? []).flatMap(({ source }) => source ?? []);
  const operations = (rule.to ?? []).flatMap(({ operation }) => operation ?? []);
  const conditions = rule.when ?? [];
  const tcp = way.protocol === 'tcp';
  const needsHttp =
    sources.some(sourceNeedsHttp) || operations.some(operationNeedsHttp) || conditions.some(conditionNeedsHttp);
  const allows = way.action === RBAC_Action.ALLOW;
  if (tcp && needsHttp && allows) return undefined;
  // A condition that nothing here can check is never true for a rule that allows.
  if (allows && !conditions.every(isKnownCondition)) return undefined;
  const usable = tcp ? conditions.filter((condition) => !conditionNeedsHttp(condition)) : conditions;
  const who = allPrincipals(usable.flatMap((condition) => conditionPrincipals(condition, policy.meta.namespace) ?? []));
  const what = allPermissions(usable.flatMap((condition) => conditionPermissions(condition, way.port) ?? []));
  const from = sources.map((source) => sourcePrincipal(tcp ? withoutHttp(source) : source, policy.meta.namespace));
  const to = operations.map((operation) =>
    operationPermission(
      tcp ? { ports: operation.ports ?? [], notPorts: operation.notPorts ?? [] } : operation,
      way.port,
    ),
  );
  return {
    permissions: (to.length > 0 ? to : [ANY_PERMISSION]).map((one) => allPermissions([one, what])),
    principals: (from.length > 0 ? from : [ANY_PRINCIPAL]).map((one) => allPrincipals([one, who])),
  };
}

function isKnownCondition(condition: AuthorizationCondition): boolean {
  return conditionPrincipals(condition, '') !== undefined || conditionPermissions(condition, 0) !== undefined;
}

function withoutHttp<T extends object>(source: T): T {
  return { ...source, requestPrincipals: [], notRequestPrincipals: [], remoteIpBlocks: [], notRemoteIpBlocks: [] };
}
