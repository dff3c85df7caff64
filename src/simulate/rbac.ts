import {
  RBAC_Action as Action,
  type Permission,
  type Principal,
  type RBAC,
} from '../envoy/gen/envoy/config/rbac/v3/rbac_pb.ts';
import type { MetadataMatcher } from '../envoy/gen/envoy/type/matcher/v3/metadata_pb.ts';
import { matchesHeader, pathOf } from './header-match.ts';
import { inAnyRange } from './ip-range.ts';
import type { Certificate, HttpRequest, SocketName } from './payload.ts';
import { matchesString } from './string-match.ts';

/** What an RBAC filter knows of a connection or request. */
export interface RbacFacts {
  readonly destination: SocketName;
  /** The other end of the connection. */
  readonly source: SocketName;
  /** Where the request came from at first, by X-Forwarded-For as far as that is trusted. */
  readonly remoteAddress: string;
  readonly serverName: string;
  readonly tls: boolean;
  readonly peer: Certificate | undefined;
  readonly filterState: ReadonlyMap<string, string>;
  readonly request: HttpRequest | undefined;
}

export interface RbacDecision {
  readonly allowed: boolean;
  /** The policy that decided; undefined where none matched. */
  readonly policy: string | undefined;
}

/** Envoy's RBAC engine (envoy.config.rbac.v3): policies in the order of their names, the first that matches decides. */
export function decide(rules: RBAC, facts: RbacFacts): RbacDecision {
  for (const name of Object.keys(rules.policies).sort()) {
    const policy = rules.policies[name];
    if (!policy || policy.condition || policy.checkedCondition) continue;
    const matches =
      policy.permissions.some((permission) => matchesPermission(permission, facts)) &&
      policy.principals.some((principal) => matchesPrincipal(principal, facts));
    if (matches) return { allowed: rules.action !== Action.DENY, policy: name };
  }
  return { allowed: rules.action !== Action.ALLOW, policy: undefined };
}

function matchesPermission(permission: Permission, facts: RbacFacts): boolean {
  const { rule } = permission;
  const { request, destination } = facts;
  switch (rule.case) {
    case 'any':
      return rule.value;
    case 'andRules':
      return rule.value.rules.every((inner) => matchesPermission(inner, facts));
    case 'orRules':
      return rule.value.rules.some((inner) => matchesPermission(inner, facts));
    case 'notRule':
      return !matchesPermission(rule.value, facts);
    case 'header':
      return request !== undefined && matchesHeader(rule.value, request);
    case 'urlPath':
      return (
        request !== undefined &&
        rule.value.rule.case === 'path' &&
        matchesString(rule.value.rule.value, pathOf(request))
      );
    case 'destinationIp':
      return inAnyRange([rule.value], destination.address);
    case 'destinationPort':
      return rule.value === destination.port;
    case 'destinationPortRange':
      return destination.port >= rule.value.start && destination.port < rule.value.end;
    case 'requestedServerName':
      return matchesString(rule.value, facts.serverName);
    case 'metadata':
      return matchesMetadata(rule.value);
    case 'sourcedMetadata':
      return rule.value.metadataMatcher !== undefined && matchesMetadata(rule.value.metadataMatcher);
    default:
      return false;
  }
}

function matchesPrincipal(principal: Principal, facts: RbacFacts): boolean {
  const { identifier } = principal;
  const { request } = facts;
  switch (identifier.case) {
    case 'any':
      return identifier.value;
    case 'andIds':
      return identifier.value.ids.every((inner) => matchesPrincipal(inner, facts));
    case 'orIds':
      return identifier.value.ids.some((inner) => matchesPrincipal(inner, facts));
    case 'notId':
      return !matchesPrincipal(identifier.value, facts);
    case 'authenticated': {
      const { principalName } = identifier.value;
      if (!facts.tls) return false;
      return principalName === undefined || namesOf(facts.peer).some((name) => matchesString(principalName, name));
    }
    case 'sourceIp':
    case 'directRemoteIp':
      return inAnyRange([identifier.value], facts.source.address);
    case 'remoteIp':
      return inAnyRange([identifier.value], facts.remoteAddress);
    case 'header':
      return request !== undefined && matchesHeader(identifier.value, request);
    case 'urlPath':
      return (
        request !== undefined &&
        identifier.value.rule.case === 'path' &&
        matchesString(identifier.value.rule.value, pathOf(request))
      );
    case 'filterState': {
      const { key, matcher } = identifier.value;
      const state = facts.filterState.get(key) ?? (PEER_PRINCIPAL.includes(key) ? facts.peer?.uris[0] : undefined);
      return state !== undefined && matcher.case === 'stringMatch' && matchesString(matcher.value, state);
    }
    case 'metadata':
      return matchesMetadata(identifier.value);
    case 'sourcedMetadata':
      return identifier.value.metadataMatcher !== undefined && matchesMetadata(identifier.value.metadataMatcher);
    default:
      return false;
  }
}

/** Under which filter state keys Istio's policies look for the peer's identity. */
const PEER_PRINCIPAL: readonly string[] = ['io.istio.peer_principal'];

/** URI names count before DNS names; a certificate without either has none here. */
function namesOf(peer: Certificate | undefined): readonly string[] {
  if (!peer) return [''];
  if (peer.uris.length > 0) return peer.uris;
  return peer.dnsNames.length > 0 ? peer.dnsNames : [''];
}

/** A walk carries no dynamic metadata (tokens are not verified), so only an inverted matcher holds. */
function matchesMetadata(matcher: MetadataMatcher): boolean {
  return matcher.invert;
}
