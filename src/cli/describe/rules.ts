import { canonicalHost, type HttpRoute, type ObjectIndex, type ObjectOfKind } from '../../config/index.ts';
import { hostnameCovers, parseHostname } from '../../model/index.ts';
import { type Labels, matches } from './labels.ts';

interface RulesQuery {
  /** Of the pod; undefined where it is about the Service alone. */
  readonly labels: Labels | undefined;
  readonly objects: ObjectIndex;
  readonly rootNamespace: string;
}

/** The DestinationRules of a Service, with the subsets that a pod is in. */
export function rulesFor(
  { ref }: ObjectOfKind<'Service'>,
  { labels, objects, rootNamespace }: RulesQuery,
): readonly string[] {
  const host = `${ref.name}.${ref.namespace}`;
  const rules = objects
    .ofKind('DestinationRule')
    .filter((rule) => covers(canonicalHost(rule.spec.host, rule.ref.namespace), host))
    .filter((rule) => [ref.namespace, rootNamespace].includes(rule.ref.namespace) || isExported(rule.spec.exportTo));
  return rules.flatMap((rule) => {
    const subsets = rule.spec.subsets ?? [];
    const inside = labels ? subsets.filter((subset) => matches(subset.labels ?? {}, labels)) : [];
    const outside = subsets.filter((subset) => !inside.includes(subset));
    const names = (list: typeof subsets): string => list.map(({ name }) => name).join(',');
    const policies = Object.keys(rule.spec.trafficPolicy ?? {});
    return [
      `DestinationRule: ${nameOf(rule.ref)} for "${rule.spec.host}"`,
      ...(labels && inside.length > 0 ? [`   Matching subsets: ${names(inside)}`] : []),
      ...(labels && outside.length > 0 ? [`      (Non-matching subsets ${names(outside)})`] : []),
      ...(labels && subsets.length > 0 && inside.length === 0 ? ['   WARNING: the pod is in no subset of it'] : []),
      ...(!labels && subsets.length > 0 ? [`   Subsets: ${names(subsets)}`] : []),
      policies.length > 0 ? `   Traffic Policy: ${policies.join(', ')}` : '   No Traffic Policy',
    ];
  });
}

/** The VirtualServices that route calls to a Service, or send calls for other hosts to it. */
export function describeRoutes({ ref }: ObjectOfKind<'Service'>, objects: ObjectIndex): readonly string[] {
  const host = `${ref.name}.${ref.namespace}`;
  return objects.ofKind('VirtualService').flatMap((rule) => {
    const { hosts, http = [], tcp = [], tls = [], gateways = [] } = rule.spec;
    const isHost = hosts.some((each) => covers(canonicalHost(each, rule.ref.namespace), host));
    const isMeant = (route: { readonly destination: { readonly host: string } }): boolean =>
      canonicalHost(route.destination.host, rule.ref.namespace) === host;
    const leads = [...http, ...tcp, ...tls].some(({ route }) => route?.some(isMeant));
    if (!isHost && !leads) return [];
    const count = (number: number, kind: string): readonly string[] =>
      number > 0 ? [`${number} ${kind} route(s)`] : [];
    return [
      `VirtualService: ${nameOf(rule.ref)}${isHost ? '' : ` for ${hosts.join(', ')}`}`,
      ...(gateways.length > 0 ? [`   Gateways: ${gateways.join(', ')}`] : []),
      `   ${[...count(http.length, 'HTTP'), ...count(tls.length, 'TLS'), ...count(tcp.length, 'TCP')].join(', ') || 'no routes'}`,
      ...http.flatMap((route) => describeHttp(route)),
    ];
  });
}

function describeHttp({ name, route = [], match, fault, redirect, directResponse }: HttpRoute): readonly string[] {
  const weights = route.map(({ destination, weight }) => {
    const subset = destination.subset === undefined ? '' : `/${destination.subset}`;
    return `${destination.host}${subset}${weight === undefined ? '' : ` ${weight}%`}`;
  });
  const target = redirect ? 'redirect' : directResponse ? `answer ${directResponse.status}` : weights.join(', ');
  const label = name === undefined ? 'Route' : `Route ${name}`;
  const condition = match ? ` (${match.length} match${match.length === 1 ? '' : 'es'})` : '';
  return [`      ${label}${condition}: ${target}${fault ? ' with faults' : ''}`];
}

function covers(pattern: string, host: string): boolean {
  return hostnameCovers(parseHostname(pattern), parseHostname(host));
}

function isExported(exportTo: readonly string[] | undefined): boolean {
  return exportTo === undefined || exportTo.includes('*');
}

function nameOf({ name, namespace }: { readonly name: string; readonly namespace: string }): string {
  return namespace === 'default' ? name : `${name}.${namespace}`;
}
