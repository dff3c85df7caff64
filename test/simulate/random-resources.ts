/** Random listeners, routes and clusters that Envoy accepts, from a seed: what the simulator is held against Envoy with. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type Cluster,
  Cluster_DiscoveryType,
  ClusterSchema,
} from '../../src/envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { HealthStatus } from '../../src/envoy/gen/envoy/config/core/v3/health_check_pb.ts';
import {
  type FilterChainMatchSchema,
  FilterChainMatch_ConnectionSourceType as SourceType,
} from '../../src/envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import { type Listener, ListenerSchema } from '../../src/envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import type {
  HeaderMatcherSchema,
  RouteMatchSchema,
  VirtualHostSchema,
} from '../../src/envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { ConfigSchema as DirectResponseSchema } from '../../src/envoy/gen/envoy/extensions/filters/network/direct_response/v3/config_pb.ts';
import { httpManager, socket, TLS_INSPECTOR, typed } from '../../src/simulate/testing/sample-resources.ts';
import type { Chance } from './chance.ts';

const LABELS = ['a', 'b', 'shop'];

/** `b.a.example`, `*.a.example`, `shop.*`, `*`. */
export function randomDomain(chance: Chance): string {
  const name = `${chance.pick(LABELS)}.${chance.pick(LABELS)}.example`;
  return chance.pick([
    name,
    `*.${name.slice(name.indexOf('.') + 1)}`,
    `${name.split('.')[0]}.*`,
    `*${name}`,
    '*',
    '*.example',
    name.toUpperCase(),
  ]);
}

export function randomHost(chance: Chance): string {
  const parts = Array.from({ length: 1 + chance.below(3) }, () => chance.pick(LABELS));
  return `${parts.join('.')}.${chance.pick(['example', 'EXAMPLE', 'org'])}`;
}

const PATHS = ['/', '/a', '/a/', '/a/b', '/ab', '/A', '/b/c?x=1', '/a?x=1&y=2', '/a?x=2&x=1', '/b?y'];

export function randomPath(chance: Chance): string {
  return chance.pick(PATHS);
}

export function randomHeaders(chance: Chance): Readonly<Record<string, string>> {
  const names = ['x-one', 'x-two'].filter(() => chance.below(3) > 0);
  return Object.fromEntries(names.map((name) => [name, chance.pick(['', '1', '5', '10', 'one', 'ONE', 'one two'])]));
}

type HeaderMatcher = MessageInitShape<typeof HeaderMatcherSchema>;
type RouteMatch = MessageInitShape<typeof RouteMatchSchema>;

function randomHeaderMatcher(chance: Chance): HeaderMatcher {
  const ignoreCase = chance.below(3) === 0;
  const text = chance.pick(['1', 'one', 'o']);
  const specifiers: readonly NonNullable<HeaderMatcher['headerMatchSpecifier']>[] = [
    { case: 'presentMatch', value: chance.below(2) === 0 },
    { case: 'rangeMatch', value: { start: 1n, end: 10n } },
    { case: 'stringMatch', value: { matchPattern: { case: 'exact', value: text }, ignoreCase } },
    { case: 'stringMatch', value: { matchPattern: { case: 'prefix', value: text }, ignoreCase } },
    { case: 'stringMatch', value: { matchPattern: { case: 'suffix', value: text }, ignoreCase } },
    { case: 'stringMatch', value: { matchPattern: { case: 'contains', value: text }, ignoreCase } },
    {
      case: 'stringMatch',
      value: { matchPattern: { case: 'safeRegex', value: { regex: chance.pick(['one', 'o.*', '[0-9]+']) } } },
    },
  ];
  return {
    name: chance.pick(['x-one', 'x-two', ':method', ':path']),
    headerMatchSpecifier: chance.pick(specifiers),
    invertMatch: chance.below(3) === 0,
    treatMissingHeaderAsEmpty: chance.below(3) === 0,
  };
}

function randomMatch(chance: Chance): RouteMatch {
  const path = chance.pick(['/', '/a', '/A', '/a/b', '/b']);
  const specifiers: readonly NonNullable<RouteMatch['pathSpecifier']>[] = [
    { case: 'prefix', value: path },
    { case: 'path', value: path },
    { case: 'pathSeparatedPrefix', value: chance.pick(['/a', '/b', '/a/b']) },
    { case: 'safeRegex', value: { regex: chance.pick(['/a.*', '/[ab]', '.*b']) } },
  ];
  const pathSpecifier = chance.pick(specifiers);
  const value = { matchPattern: { case: 'exact' as const, value: chance.pick(['1', '2', '']) } };
  return {
    pathSpecifier,
    ...(pathSpecifier.case === 'safeRegex' || chance.below(2) === 0 ? {} : { caseSensitive: false }),
    headers: Array.from({ length: chance.below(3) }, () => randomHeaderMatcher(chance)),
    queryParameters:
      chance.below(4) > 0
        ? []
        : [
            {
              name: chance.pick(['x', 'y']),
              queryParameterMatchSpecifier: chance.pick([
                { case: 'presentMatch' as const, value: chance.below(2) === 0 },
                { case: 'stringMatch' as const, value },
              ]),
            },
          ],
  };
}

/** Virtual hosts whose routes answer with their own names. */
export function randomRoutes(chance: Chance, port: number): Listener {
  const domains = [
    ...new Map(
      Array.from({ length: 8 }, () => randomDomain(chance)).map((domain) => [domain.toLowerCase(), domain]),
    ).values(),
  ];
  const virtualHosts: MessageInitShape<typeof VirtualHostSchema>[] = domains.map((domain, host) => ({
    name: `host-${host}`,
    domains: [domain],
    routes: Array.from({ length: 1 + chance.below(4) }, (_, route) => ({
      match: randomMatch(chance),
      action: {
        case: 'directResponse' as const,
        value: {
          status: 200,
          body: { specifier: { case: 'inlineString' as const, value: `host-${host} route-${route}` } },
        },
      },
    })),
  }));
  const routes = { name: `routes-${port}`, virtualHosts, ignorePortInHostMatching: true };
  return create(ListenerSchema, {
    name: `routes-${port}`,
    address: socket('0.0.0.0', port),
    filterChains: [{ filters: [httpManager(routes)] }],
  });
}

type ChainMatch = MessageInitShape<typeof FilterChainMatchSchema>;

function randomChainMatch(chance: Chance, port: number): ChainMatch {
  const sometimes = (): boolean => chance.below(3) === 0;
  const prefixes = ['127.0.0.0/8', '127.0.0.0/30', '127.0.0.2/32', '10.0.0.0/8'];
  const range = (): { addressPrefix: string; prefixLen: number } => {
    const [addressPrefix = '', length] = chance.pick(prefixes).split('/');
    return { addressPrefix, prefixLen: Number(length) };
  };
  return {
    ...(sometimes() ? { destinationPort: chance.pick([port, 1]) } : {}),
    prefixRanges: sometimes() ? [range()] : [],
    serverNames: sometimes() ? [chance.pick(['a.example', '*.example', '*.a.example', 'b.a.example'])] : [],
    transportProtocol: sometimes() ? chance.pick(['tls', 'raw_buffer']) : '',
    applicationProtocols: sometimes() ? [chance.pick(['istio', 'h2', 'http/1.1'])] : [],
    sourceType: sometimes() ? chance.pick([SourceType.SAME_IP_OR_LOOPBACK, SourceType.EXTERNAL]) : SourceType.ANY,
    sourcePrefixRanges: sometimes() ? [range()] : [],
  };
}

/** A listener whose filter chains answer with their own names; on every address of the loopback. */
export function randomChains(chance: Chance, port: number): Listener {
  const matches = new Map(
    Array.from({ length: 2 + chance.below(6) }, () => randomChainMatch(chance, port)).map((match) => [
      JSON.stringify(match),
      match,
    ]),
  );
  const answer = (name: string): ReturnType<typeof typed> =>
    typed('direct_response', DirectResponseSchema, { response: { specifier: { case: 'inlineString', value: name } } });
  return create(ListenerSchema, {
    name: `chains-${port}`,
    address: socket('0.0.0.0', port),
    listenerFilters: [TLS_INSPECTOR],
    filterChains: [...matches.values()].map((filterChainMatch, index) => ({
      name: `chain-${index}`,
      filterChainMatch,
      filters: [answer(`chain-${index}`)],
    })),
    ...(chance.below(2) === 0 ? { defaultFilterChain: { name: 'default', filters: [answer('default')] } } : {}),
  });
}

/** A cluster over the given ports with random priorities, localities, weights and health. */
export function randomCluster(chance: Chance, name: string, ports: readonly number[]): Cluster {
  const byLocality = chance.below(2) === 0;
  const groups = 1 + chance.below(3);
  const statuses = [HealthStatus.HEALTHY, HealthStatus.HEALTHY, HealthStatus.UNHEALTHY, HealthStatus.DEGRADED];
  const endpoints = Array.from({ length: groups }, (_, group) => ({
    locality: { zone: `zone-${group}` },
    priority: group === 0 ? 0 : chance.below(2),
    loadBalancingWeight: 1 + chance.below(3),
    lbEndpoints: ports
      .filter((_port, index) => index % groups === group)
      .map((port) => ({
        hostIdentifier: { case: 'endpoint' as const, value: { address: socket('127.0.0.1', port) } },
        healthStatus: chance.pick(statuses),
        loadBalancingWeight: 1 + chance.below(3),
      })),
  }));
  return create(ClusterSchema, {
    name,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STATIC },
    connectTimeout: { seconds: 2n },
    loadAssignment: { clusterName: name, endpoints },
    commonLbConfig: {
      healthyPanicThreshold: { value: chance.pick([0, 50]) },
      ...(byLocality ? { localityConfigSpecifier: { case: 'localityWeightedLbConfig', value: {} } } : {}),
    },
  });
}
