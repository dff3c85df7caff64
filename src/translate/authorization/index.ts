import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { AuthorizationRule } from '../../config/index.ts';
import { type Filter, FilterSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import {
  type PolicySchema,
  RBAC_Action,
  type RBACSchema as RulesSchema,
} from '../../envoy/gen/envoy/config/rbac/v3/rbac_pb.ts';
import { RBACSchema as HttpRbacSchema } from '../../envoy/gen/envoy/extensions/filters/http/rbac/v3/rbac_pb.ts';
import { RBACSchema as NetworkRbacSchema } from '../../envoy/gen/envoy/extensions/filters/network/rbac/v3/rbac_pb.ts';
import { pack } from '../../envoy/index.ts';
import type { AuthorizationPolicy, MeshView, PolicySubject } from '../../mesh/index.ts';
import type { ObjectRef } from '../../model/index.ts';
import { type HttpFilterInit, httpFilter } from '../listeners/connection-manager.ts';
import { conditionPermissions, operationNeedsHttp, operationPermission } from './permission.ts';
import { ANY_PERMISSION, ANY_PRINCIPAL, allPermissions, allPrincipals } from './predicate.ts';
import { conditionNeedsHttp, conditionPrincipals, sourceNeedsHttp, sourcePrincipal } from './principal.ts';

type PolicyInit = MessageInitShape<typeof PolicySchema>;
type Protocol = 'http' | 'tcp';

/** The filters that hold a workload's AuthorizationPolicies on one of its ports, for HTTP and for TCP. */
export interface AuthorizationFilters {
  readonly http: HttpFilterInit[];
  readonly network: Filter[];
  readonly origins: readonly ObjectRef[];
}

/** Deny rules are asked before allow rules; with allow rules, what none of them allows is refused (Istio). */
export function authorizationFilters(mesh: MeshView, subject: PolicySubject, port: number): AuthorizationFilters {
  const policies = mesh.policies.authorization(subject);
  const of = (action: string): AuthorizationPolicy[] => policies.filter(({ spec }) => spec.action === action);
  // A CUSTOM policy asks an external authorizer: without one, nothing may pass that it would ask about (fail closed).
  const deny = [...of('CUSTOM'), ...of('DENY')];
  const allow = of('ALLOW');
  const rules = (protocol: Protocol): MessageInitShape<typeof RulesSchema>[] => [
    ...(deny.length > 0 ? [ruleSet(deny, { action: RBAC_Action.DENY, protocol, port })] : []),
    ...(allow.length > 0 ? [ruleSet(allow, { action: RBAC_Action.ALLOW, protocol, port })] : []),
  ];
  return {
    http: rules('http').map((set) => httpFilter('envoy.filters.http.rbac', pack(HttpRbacSchema, { rules: set }))),
    network: rules('tcp').map((set) =>
      create(FilterSchema, {
        name: 'envoy.filters.network.rbac',
        configType: { case: 'typedConfig', value: pack(NetworkRbacSchema, { rules: set, statPrefix: 'tcp.' }) },
      }),
    ),
    origins: [...deny, ...allow].map(({ ref }) => ref),
  };
}

interface Way {
  readonly action: RBAC_Action;
  readonly protocol: Protocol;
  readonly port: number;
}

function ruleSet(policies: readonly AuthorizationPolicy[], way: Way): MessageInitShape<typeof RulesSchema> {
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
  if (tcp && needsHttp && way.action === RBAC_Action.ALLOW) return undefined;
  const usable = tcp ? conditions.filter((condition) => !conditionNeedsHttp(condition)) : conditions;
  const who = allPrincipals(usable.flatMap((condition) => conditionPrincipals(condition) ?? []));
  const what = allPermissions(usable.flatMap((condition) => conditionPermissions(condition, way.port)));
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

function withoutHttp<T extends object>(source: T): T {
  return { ...source, requestPrincipals: [], notRequestPrincipals: [], remoteIpBlocks: [], notRemoteIpBlocks: [] };
}
