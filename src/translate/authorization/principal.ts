import type { AuthorizationCondition, AuthorizationSource } from '../../config/index.ts';
import {
  allPrincipals,
  anyPrincipal,
  escapeRegex,
  notPrincipal,
  type PrincipalInit,
  valueMatcher,
} from './predicate.ts';

/** `cluster.local/ns/default/sa/*` against the client certificate's SPIFFE ID. */
function ofIdentity(value: string): PrincipalInit {
  return { identifier: { case: 'authenticated', value: { principalName: valueMatcher(value, 'spiffe://') } } };
}

function ofRegex(regex: string): PrincipalInit {
  const principalName = { matchPattern: { case: 'safeRegex' as const, value: { regex } } };
  return { identifier: { case: 'authenticated', value: { principalName } } };
}

/** A `*` in a value stands for anything within its part of the identity. */
function wildcardRegex(value: string): string {
  return value.split('*').map(escapeRegex).join('[^/]*');
}

function ofNamespace(value: string): PrincipalInit {
  return ofRegex(`spiffe://[^/]+/ns/${wildcardRegex(value)}/sa/[^/]+`);
}

/** `serviceAccounts`: `namespace/name`, or `name` in the policy's own namespace (Istio 1.26 and later). */
function ofServiceAccount(value: string, namespace: string): PrincipalInit {
  const [first = '', second] = value.split('/');
  const [of, name] = second === undefined ? [namespace, first] : [first, second];
  return ofRegex(`spiffe://[^/]+/ns/${wildcardRegex(of)}/sa/${wildcardRegex(name)}`);
}

function ofTrustDomain(value: string): PrincipalInit {
  return ofRegex(`spiffe://${wildcardRegex(value)}/.*`);
}

interface Cidr {
  readonly addressPrefix: string;
  readonly prefixLen: number;
}

/** `10.0.0.0/8`, or one address. */
export function parseCidr(text: string): Cidr {
  const [addressPrefix = '', length] = text.split('/');
  return { addressPrefix, prefixLen: length === undefined ? (addressPrefix.includes(':') ? 128 : 32) : Number(length) };
}

function ofIp(value: string): PrincipalInit {
  return { identifier: { case: 'directRemoteIp', value: parseCidr(value) } };
}

function ofRemoteIp(value: string): PrincipalInit {
  return { identifier: { case: 'remoteIp', value: parseCidr(value) } };
}

/** The issuer and subject of a verified JWT (Istio: `iss/sub`), as the JWT filter leaves them. */
function ofRequestPrincipal(value: string): PrincipalInit {
  return jwtPayload(['principal'], value);
}

function jwtPayload(path: readonly string[], value: string): PrincipalInit {
  return {
    identifier: {
      case: 'metadata',
      value: {
        filter: 'envoy.filters.http.jwt_authn',
        path: path.map((key) => ({ segment: { case: 'key' as const, value: key } })),
        value: { matchPattern: { case: 'stringMatch', value: valueMatcher(value) } },
      },
    },
  };
}

function ofHeader(name: string, value: string): PrincipalInit {
  return {
    identifier: {
      case: 'header',
      value: { name, headerMatchSpecifier: { case: 'stringMatch', value: valueMatcher(value) } },
    },
  };
}

type Maker = (value: string) => PrincipalInit;

function some(values: readonly string[] | undefined, make: Maker): PrincipalInit[] {
  return values?.length ? [anyPrincipal(values.map(make))] : [];
}

function none(values: readonly string[] | undefined, make: Maker): PrincipalInit[] {
  return values?.length ? [notPrincipal(anyPrincipal(values.map(make)))] : [];
}

/** One `source`: all its fields, any value of each (Istio AuthorizationPolicy, Source). */
export function sourcePrincipal(source: AuthorizationSource, namespace: string): PrincipalInit {
  const account: Maker = (value) => ofServiceAccount(value, namespace);
  return allPrincipals([
    ...some(source.principals, ofIdentity),
    ...none(source.notPrincipals, ofIdentity),
    ...some(source.requestPrincipals, ofRequestPrincipal),
    ...none(source.notRequestPrincipals, ofRequestPrincipal),
    ...some(source.namespaces, ofNamespace),
    ...none(source.notNamespaces, ofNamespace),
    ...some(source.serviceAccounts, account),
    ...none(source.notServiceAccounts, account),
    ...some(source.trustDomains, ofTrustDomain),
    ...none(source.notTrustDomains, ofTrustDomain),
    ...some(source.ipBlocks, ofIp),
    ...none(source.notIpBlocks, ofIp),
    ...some(source.remoteIpBlocks, ofRemoteIp),
    ...none(source.notRemoteIpBlocks, ofRemoteIp),
  ]);
}

const CONDITION_MAKERS: Readonly<Record<string, Maker>> = {
  'source.principal': ofIdentity,
  'source.namespace': ofNamespace,
  'source.trustDomain': ofTrustDomain,
  'source.ip': ofIp,
  'remote.ip': ofRemoteIp,
  'request.auth.principal': ofRequestPrincipal,
  'request.auth.audiences': (value) => jwtPayload(['payload', 'aud'], value),
  'request.auth.presenter': (value) => jwtPayload(['payload', 'azp'], value),
};

function conditionMaker(key: string, namespace: string): Maker | undefined {
  if (key === 'source.serviceAccount') return (value) => ofServiceAccount(value, namespace);
  const header = /^request\.headers\[(.+)\]$/.exec(key)?.[1];
  if (header) return (value) => ofHeader(header, value);
  const claims = [...key.matchAll(/\[([^\]]+)\]/g)].flatMap(([, claim]) => claim ?? []);
  if (key.startsWith('request.auth.claims[')) return (value) => jwtPayload(['payload', ...claims], value);
  return CONDITION_MAKERS[key];
}

/** Conditions that speak of the caller; undefined for those that speak of the call. @param namespace of the policy. */
export function conditionPrincipals(
  condition: AuthorizationCondition,
  namespace: string,
): readonly PrincipalInit[] | undefined {
  const maker = conditionMaker(condition.key, namespace);
  return maker && [...some(condition.values, maker), ...none(condition.notValues, maker)];
}

/** Does the source need HTTP, so that TCP can never satisfy it? */
export function sourceNeedsHttp(source: AuthorizationSource): boolean {
  return [source.requestPrincipals, source.notRequestPrincipals, source.remoteIpBlocks, source.notRemoteIpBlocks].some(
    (values) => (values?.length ?? 0) > 0,
  );
}

export function conditionNeedsHttp({ key }: AuthorizationCondition): boolean {
  return key.startsWith('request.') || key === 'remote.ip';
}
