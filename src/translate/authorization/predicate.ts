import type { MessageInitShape } from '@bufbuild/protobuf';
import type { PermissionSchema, PrincipalSchema } from '../../envoy/gen/envoy/config/rbac/v3/rbac_pb.ts';
import type { StringMatcherSchema } from '../../envoy/gen/envoy/type/matcher/v3/string_pb.ts';

export type PermissionInit = MessageInitShape<typeof PermissionSchema>;
export type PrincipalInit = MessageInitShape<typeof PrincipalSchema>;
type StringInit = MessageInitShape<typeof StringMatcherSchema>;

/** Istio's value matching: exact, `prefix*`, `*suffix`, and `*` for "is there". */
export function valueMatcher(value: string, prefix = ''): StringInit {
  if (value === '*') return { matchPattern: { case: 'safeRegex', value: { regex: '.+' } } };
  if (value.startsWith('*')) {
    const suffix = value.slice(1);
    return prefix === ''
      ? { matchPattern: { case: 'suffix', value: suffix } }
      : { matchPattern: { case: 'safeRegex', value: { regex: `${escapeRegex(prefix)}.*${escapeRegex(suffix)}` } } };
  }
  if (value.endsWith('*')) return { matchPattern: { case: 'prefix', value: prefix + value.slice(0, -1) } };
  return { matchPattern: { case: 'exact', value: prefix + value } };
}

export function escapeRegex(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

export const ANY_PERMISSION: PermissionInit = { rule: { case: 'any', value: true } };
export const ANY_PRINCIPAL: PrincipalInit = { identifier: { case: 'any', value: true } };

export function allPermissions(rules: PermissionInit[]): PermissionInit {
  return rules.length === 0 ? ANY_PERMISSION : { rule: { case: 'andRules', value: { rules } } };
}

export function anyPermission(rules: PermissionInit[]): PermissionInit {
  return { rule: { case: 'orRules', value: { rules } } };
}

export function notPermission(rule: PermissionInit): PermissionInit {
  return { rule: { case: 'notRule', value: rule } };
}

export function allPrincipals(ids: PrincipalInit[]): PrincipalInit {
  return ids.length === 0 ? ANY_PRINCIPAL : { identifier: { case: 'andIds', value: { ids } } };
}

export function anyPrincipal(ids: PrincipalInit[]): PrincipalInit {
  return { identifier: { case: 'orIds', value: { ids } } };
}

export function notPrincipal(id: PrincipalInit): PrincipalInit {
  return { identifier: { case: 'notId', value: id } };
}
