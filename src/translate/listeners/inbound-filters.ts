import type { RouteConfigurationSchema } from '../../envoy/gen/envoy/config/route/v3/route_pb.ts';
import { durationFromMs, tcpProxy } from '../../envoy/index.ts';
import type { MeshView } from '../../mesh/index.ts';
import type { ObjectRef, ProxyScope } from '../../model/index.ts';
import { authorizationFilters } from '../authorization/index.ts';
import type { InitOf } from '../built.ts';
import {
  accessLogs,
  clientCertificateHeaders,
  connectionManager,
  REFUSED_HEADER,
  refusedReplies,
  routeFilters,
} from './connection-manager.ts';
import type { ChainFilters } from './inbound-chains.ts';

/** A port of a workload, as its filters see it. */
export interface InboundTarget {
  /** The Envoy cluster of the application. */
  readonly cluster: string;
  readonly statPrefix: string;
  /** The port that AuthorizationPolicies speak of; `real`: whichever the connection is for. */
  readonly port: number | 'real';
}

export interface InboundFilters extends ChainFilters {
  readonly origins: readonly ObjectRef[];
}

/** Policies, then on to the application; for bytes that nobody here can read, the policies on connections. Tracked. */
export function inboundFilters(mesh: MeshView, proxy: ProxyScope, to: InboundTarget): InboundFilters {
  const { cluster } = to;
  const { http, network, origins } = authorizationFilters(mesh, proxy.client, to.port);
  const accessLog = accessLogs(mesh.config.accessLogFile);
  const bytes = tcpProxy({ statPrefix: cluster, clusterSpecifier: { case: 'cluster', value: cluster }, accessLog });
  const manager = connectionManager({
    statPrefix: to.statPrefix,
    routeSpecifier: { case: 'routeConfig', value: inboundRoutes(cluster) },
    httpFilters: [...http, ...routeFilters()],
    ...clientCertificateHeaders('append'),
    localReplyConfig: refusedReplies(),
    accessLog,
  });
  return { http: [manager], tcp: [...network, bytes], origins };
}

function inboundRoutes(cluster: string): InitOf<typeof RouteConfigurationSchema> {
  const route = {
    name: 'default',
    match: { pathSpecifier: { case: 'prefix' as const, value: '/' } },
    action: {
      case: 'route' as const,
      value: { clusterSpecifier: { case: 'cluster' as const, value: cluster }, timeout: durationFromMs(0) },
    },
  };
  const virtualHosts = [{ name: 'inbound', domains: ['*'], routes: [route] }];
  // An application that sets the mark itself would make its clients repeat requests that it has seen.
  return { name: cluster, validateClusters: false, virtualHosts, responseHeadersToRemove: [REFUSED_HEADER] };
}
