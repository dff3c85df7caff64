import type { Cluster } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { Cluster_DiscoveryType as DiscoveryType } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import type { LbEndpoint } from '../envoy/gen/envoy/config/endpoint/v3/endpoint_components_pb.ts';
import type { ClusterLoadAssignment } from '../envoy/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { ClusterConfigSchema as AggregateSchema } from '../envoy/gen/envoy/extensions/clusters/aggregate/v3/cluster_pb.ts';
import { socketOf } from './listener-match.ts';
import { balanceRulesOf, distribute, type EndpointShare } from './load-balance.ts';
import type { HttpRequest, SocketName, Stream } from './payload.ts';
import { CLUSTER, ENDPOINTS, type ResourceName } from './resource-lookup.ts';
import { sharedFilterState } from './set-filter-state.ts';
import { type Dialled, fail, type Step, withHop, withShare } from './step.ts';
import type { Path } from './trail.ts';
import { typeOf, unpack } from './typed-config.ts';
import { originateTls, upstreamVersion } from './upstream-tls.ts';

/** What is sent to an upstream cluster. */
export interface Upstream {
  readonly stream: Stream;
  /** Where the caller meant to go: the address of an original destination cluster. */
  readonly destination: SocketName;
  readonly filterState: ReadonlyMap<string, string>;
  /** Does the route take the Host header from the endpoint (`auto_host_rewrite`)? */
  readonly autoHostRewrite: boolean;
  /** May the filter that sends it ask for a cluster that the proxy does not hold (ODCDS)? */
  readonly onDemand: boolean;
}

/** Sends a stream to a cluster: chooses the endpoints with their shares and dials each. */
export function walkCluster(step: Step, name: string, upstream: Upstream): readonly Path[] {
  const cluster = step.site.resources.get(CLUSTER, name);
  const resource: ResourceName = { type: CLUSTER, name };
  if (!cluster) return fail(step, 'cluster-not-found', `the proxy has no cluster ${name}`);
  if (!upstream.onDemand && !step.site.resources.isPushed(name)) {
    return fail(
      step,
      'cluster-not-found',
      `the proxy never gets the cluster ${name}: nothing here asks for it on demand`,
    );
  }
  // Statistics know it by another name where it was asked for by an address.
  const known = cluster.altStatName || name;
  const as = known === name ? '' : ` (${known})`;
  const at = withHop(step, { kind: 'cluster', name: known, resource }, `goes to the cluster ${name}${as}`);
  if (cluster.clusterDiscoveryType.case === 'clusterType') return walkCustom(at, cluster, upstream);
  if (cluster.clusterDiscoveryType.value === DiscoveryType.ORIGINAL_DST) {
    return toOriginalDestination(at, cluster, upstream);
  }
  return balance(at, cluster, upstream);
}

const AGGREGATE = 'envoy.extensions.clusters.aggregate.v3.ClusterConfig';
const DNS = 'envoy.extensions.clusters.dns.v3.DnsCluster';

function walkCustom(step: Step, cluster: Cluster, upstream: Upstream): readonly Path[] {
  const type = cluster.clusterDiscoveryType.case === 'clusterType' ? cluster.clusterDiscoveryType.value : undefined;
  if (typeOf(type?.typedConfig) === DNS) return balance(step, cluster, upstream);
  if (typeOf(type?.typedConfig) === AGGREGATE) {
    for (const name of unpack(type?.typedConfig, AggregateSchema)?.clusters ?? []) {
      const member = step.site.resources.get(CLUSTER, name);
      if (member && sharesOf(step, member).length > 0) return walkCluster(step, name, upstream);
    }
    return fail(step, 'no-healthy-upstream', `no cluster of the aggregate ${cluster.name} has an endpoint`);
  }
  const request = requestOf(upstream.stream);
  // A dynamic forward proxy resolves the request's own host.
  if (type?.name.includes('dynamic_forward_proxy') && request) {
    const [address = '', port = request.scheme === 'https' ? '443' : '80'] = request.authority.split(':');
    return connect(step, cluster, { upstream, to: { kind: 'socket', address, port: Number(port) } });
  }
  return fail(step, 'not-simulated', `clusters of type ${type?.name ?? 'unknown'} are not simulated`);
}

function toOriginalDestination(step: Step, cluster: Cluster, upstream: Upstream): readonly Path[] {
  const rules = cluster.lbConfig.case === 'originalDstLbConfig' ? cluster.lbConfig.value : undefined;
  const header = rules?.useHttpHeader
    ? requestOf(upstream.stream)?.headers[rules.httpHeaderName.toLowerCase() || 'x-envoy-original-dst-host']
    : undefined;
  const [address = '', port = '0'] = header?.split(':') ?? [
    upstream.destination.address,
    String(upstream.destination.port),
  ];
  const to: Dialled = { kind: 'socket', address, port: rules?.upstreamPortOverride ?? Number(port) };
  return connect(step, cluster, { upstream, to });
}

/** The shares of a cluster's endpoints as this proxy sees them now. */
export function sharesOf(step: Step, cluster: Cluster): readonly EndpointShare[] {
  const assignment = assignmentOf(step, cluster);
  return assignment ? distribute(assignment, balanceRulesOf(cluster)) : [];
}

function assignmentOf(step: Step, cluster: Cluster): ClusterLoadAssignment | undefined {
  const isEds =
    cluster.clusterDiscoveryType.case === 'type' && cluster.clusterDiscoveryType.value === DiscoveryType.EDS;
  return isEds ? step.site.resources.get(ENDPOINTS, assignmentName(cluster)) : cluster.loadAssignment;
}

function assignmentName(cluster: Cluster): string {
  return cluster.edsClusterConfig?.serviceName || cluster.name;
}

function balance(step: Step, cluster: Cluster, upstream: Upstream): readonly Path[] {
  const isEds = cluster.clusterDiscoveryType.value === DiscoveryType.EDS;
  const resource: ResourceName = isEds
    ? { type: ENDPOINTS, name: assignmentName(cluster) }
    : { type: CLUSTER, name: cluster.name };
  const shares = sharesOf(step, cluster);
  if (shares.length === 0) {
    const known = (assignmentOf(step, cluster)?.endpoints ?? []).some(({ lbEndpoints }) => lbEndpoints.length > 0);
    const why = known ? 'has no healthy endpoint' : 'has no endpoints';
    return fail(step, 'no-healthy-upstream', `the cluster ${cluster.name} ${why}`);
  }
  const paths: Path[] = [];
  for (const { endpoint, locality, share } of shares) {
    const to = addressOf(endpoint);
    const name =
      to === undefined
        ? 'an address without socket'
        : to.kind === 'socket'
          ? `${to.address}:${to.port}`
          : nameOfInternal(endpoint);
    const place = [locality.locality?.region, locality.locality?.zone].filter(Boolean).join('/');
    const text = `chooses ${name}${place ? ` in ${place}` : ''} for ${(share * 100).toFixed(1)} % (priority ${locality.priority})`;
    const at = withHop(withShare(step, share), { kind: 'endpoint', name, resource }, text);
    if (to) paths.push(...connect(at, cluster, { upstream, to, endpoint }));
    else paths.push(...fail(at, 'not-simulated', 'endpoints at pipes are not simulated'));
  }
  return paths;
}

function addressOf(endpoint: LbEndpoint): Dialled | undefined {
  const address = endpoint.hostIdentifier.case === 'endpoint' ? endpoint.hostIdentifier.value.address : undefined;
  if (address?.address.case === 'envoyInternalAddress') {
    return { kind: 'internal', listener: address.address.value.addressNameSpecifier.value ?? '' };
  }
  const socket = socketOf(address);
  return socket && { kind: 'socket', ...socket };
}

function nameOfInternal(endpoint: LbEndpoint): string {
  const address = endpoint.hostIdentifier.case === 'endpoint' ? endpoint.hostIdentifier.value.address : undefined;
  if (address?.address.case !== 'envoyInternalAddress') return '';
  const { addressNameSpecifier, endpointId } = address.address.value;
  return `${addressNameSpecifier.value ?? ''}/${endpointId}`;
}

interface Attempt {
  readonly upstream: Upstream;
  readonly to: Dialled;
  readonly endpoint?: LbEndpoint;
}

/** Opens the connection: rewrites the host, wraps the stream in TLS, dials. */
function connect(step: Step, cluster: Cluster, attempt: Attempt): readonly Path[] {
  const { upstream, to, endpoint } = attempt;
  const host = endpoint?.hostIdentifier.case === 'endpoint' ? endpoint.hostIdentifier.value.hostname : '';
  const dialled = host || (to.kind === 'socket' ? to.address : '');
  const stream = asSent(upstream, cluster, dialled);
  const use = { endpoint, site: step.site, request: requestOf(stream), filterState: upstream.filterState };
  const offer = originateTls(cluster, use);
  const resource: ResourceName = { type: CLUSTER, name: cluster.name };
  const at = offer
    ? withHop(
        step,
        { kind: 'tls', name: cluster.name, resource },
        `starts ${offer.certificate ? 'mutual TLS' : 'TLS'}${offer.sni ? ` with the server name ${offer.sni}` : ''}`,
      )
    : step;
  return step.dial(at, {
    to,
    connection: {
      destination: to.kind === 'socket' ? to : upstream.destination,
      source: { address: step.site.address, port: 0 },
      stream: offer ? { ...stream, tls: [offer, ...stream.tls] } : stream,
      filterState: to.kind === 'internal' ? sharedFilterState(upstream.filterState) : new Map(),
    },
  });
}

function requestOf(stream: Stream): HttpRequest | undefined {
  return stream.tls.length === 0 && stream.payload.kind === 'http' ? stream.payload.request : undefined;
}

/** Bytes that pass through stay as they are; a request gets the cluster's HTTP version and, if asked, the endpoint's name. */
function asSent(upstream: Upstream, cluster: Cluster, host: string): Stream {
  const { stream, autoHostRewrite } = upstream;
  if (stream.tls.length > 0 || stream.payload.kind !== 'http') return stream;
  const { request } = stream.payload;
  const authority = autoHostRewrite && host ? host : request.authority;
  return {
    tls: [],
    payload: { kind: 'http', request: { ...request, authority, version: upstreamVersion(cluster, request) } },
  };
}
