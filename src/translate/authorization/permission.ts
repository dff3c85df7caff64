import type { AuthorizationCondition, AuthorizationOperation } from '../../config/index.ts';
import {
  allPermissions,
  anyPermission,
  escapeRegex,
  notPermission,
  type PermissionInit,
  valueMatcher,
} from './predicate.ts';
import { parseCidr } from './principal.ts';

type Maker = (value: string) => PermissionInit;

function header(name: string, value: string, ignoreCase = false): PermissionInit {
  const matcher = { ...valueMatcher(value), ...(ignoreCase ? { ignoreCase: true } : {}) };
  return {
    rule: { case: 'header', value: { name, headerMatchSpecifier: { case: 'stringMatch', value: matcher } } },
  };
}

/** Hosts compare without case (RFC 4343), which regular expressions must say themselves. */
const ofHost: Maker = (value) => (value === '*' ? header(':authority', value) : header(':authority', value, true));
const ofMethod: Maker = (value) => header(':method', value);

/** Paths without the query; `{*}` is one segment and `{**}` the rest (Istio path templates). */
const ofPath: Maker = (value) => {
  if (!value.includes('{')) {
    return { rule: { case: 'urlPath', value: { rule: { case: 'path', value: valueMatcher(value) } } } };
  }
  const regex = value
    .split(/(\{\*\*\}|\{\*\})/)
    .map((part) => (part === '{**}' ? '.*' : part === '{*}' ? '[^/]+' : escapeRegex(part)))
    .join('');
  const path = { matchPattern: { case: 'safeRegex' as const, value: { regex } } };
  return { rule: { case: 'urlPath', value: { rule: { case: 'path', value: path } } } };
};
const ofIp: Maker = (value) => ({ rule: { case: 'destinationIp', value: parseCidr(value) } });
const ofSni: Maker = (value) => ({ rule: { case: 'requestedServerName', value: valueMatcher(value) } });

/** The workload's own port that a filter chain is for; `real`: the one that is on the connection. */
export type PolicyPort = number | 'real';

/**
 * A policy's port is the workload's own, which the filter chain knows: no matcher on the real socket is needed.
 * Without interception the socket's port may be another one; a chain for many ports has to look at it.
 */
function portMaker(listenerPort: PolicyPort): Maker {
  return (value) => {
    if (listenerPort === 'real') return { rule: { case: 'destinationPort', value: Number(value) } };
    const any: PermissionInit = { rule: { case: 'any', value: true } };
    return Number(value) === listenerPort ? any : notPermission(any);
  };
}

function some(values: readonly string[] | undefined, make: Maker): PermissionInit[] {
  return values?.length ? [anyPermission(values.map(make))] : [];
}

function none(values: readonly string[] | undefined, make: Maker): PermissionInit[] {
  return values?.length ? [notPermission(anyPermission(values.map(make)))] : [];
}

/** One `operation`: all its fields, any value of each (Istio AuthorizationPolicy, Operation). */
export function operationPermission(operation: AuthorizationOperation, listenerPort: PolicyPort): PermissionInit {
  const ofPort = portMaker(listenerPort);
  return allPermissions([
    ...some(operation.hosts, ofHost),
    ...none(operation.notHosts, ofHost),
    ...some(operation.ports, ofPort),
    ...none(operation.notPorts, ofPort),
    ...some(operation.methods, ofMethod),
    ...none(operation.notMethods, ofMethod),
    ...some(operation.paths, ofPath),
    ...none(operation.notPaths, ofPath),
  ]);
}

/** Conditions that speak of the call, its destination and SNI; undefined for those that speak of the caller. */
export function conditionPermissions(
  condition: AuthorizationCondition,
  listenerPort: PolicyPort,
): readonly PermissionInit[] | undefined {
  const makers: Readonly<Record<string, Maker>> = {
    'destination.ip': ofIp,
    'destination.port': portMaker(listenerPort),
    'connection.sni': ofSni,
  };
  const maker = makers[condition.key];
  return maker && [...some(condition.values, maker), ...none(condition.notValues, maker)];
}

export function operationNeedsHttp({
  hosts,
  notHosts,
  methods,
  notMethods,
  paths,
  notPaths,
}: AuthorizationOperation): boolean {
  return [hosts, notHosts, methods, notMethods, paths, notPaths].some((values) => (values?.length ?? 0) > 0);
}
