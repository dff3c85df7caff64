import { create } from '@bufbuild/protobuf';
import type { ClientTlsSettings, PortTrafficPolicy } from '../../config/index.ts';
import {
  type Cluster,
  Cluster_DiscoveryType,
  Cluster_DnsLookupFamily,
  ClusterSchema,
} from '../../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { adsSource, durationFromMs, httpProtocolOptions, rawBuffer, type UpstreamHttp } from '../../envoy/index.ts';
import type { MeshView } from '../../mesh/index.ts';
import { type ClientScope, isHttp } from '../../model/index.ts';
import type { Built, InitOf } from '../built.ts';
import { weighsLocalities } from '../endpoint-groups.ts';
import { inlineAssignment, reachableEndpoints } from '../endpoints.ts';
import { originMetadata } from '../origin-metadata.ts';
import type { RuledTarget } from '../targets.ts';
import { CLIENT_ALPN, clientMtls, originatedTls } from '../tls.ts';
import { ORIGINAL_DESTINATION } from './local.ts';
import { circuitBreakers, durationMs, effectivePolicy, loadBalancing, outlierDetection } from './traffic-policy.ts';

/** Istio's defaults, in milliseconds: to connect, and for a connection without requests. */
const CONNECT_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 3_600_000;

/** The name of the Envoy cluster, with what it stands for. */
interface Named {
  readonly name: string;
  readonly target: RuledTarget;
  /** The name in Istio's form, where `name` is another: statistics go by it. */
  readonly canonical?: string;
}

/** The Envoy cluster by which a client calls a service's port, or a subset of it. */
export function outboundCluster(mesh: MeshView, client: ClientScope, named: Named): Built<Cluster> {
  const { name, target } = named;
  const policy = effectivePolicy(target.policy, target.subset, target.port.number);
  const preference = policy.loadBalancer?.localityLbSetting;
  const message = create(ClusterSchema, {
    name,
    altStatName: named.canonical ?? '',
    ...originMetadata(target.origins),
    connectTimeout: durationFromMs(durationMs(policy.connectionPool?.tcp?.connectTimeout, CONNECT_TIMEOUT_MS)),
    ...loadBalancing(policy),
    ...discovery(mesh, client, named),
    commonLbConfig: {
      healthyPanicThreshold: { value: policy.outlierDetection?.minHealthPercent ?? 0 },
      ...(weighsLocalities(client, preference)
        ? { localityConfigSpecifier: { case: 'localityWeightedLbConfig', value: {} } }
        : {}),
    },
    circuitBreakers: { thresholds: [circuitBreakers(policy.connectionPool)] },
    outlierDetection: outlierDetection(policy.outlierDetection),
    ...(isHttpTarget(target) ? { typedExtensionProtocolOptions: httpOptions(client, target, policy) } : {}),
    ...transport(mesh, client, { target, policy }),
  });
  return { message, origins: [...target.service.origins, ...target.origins] };
}

/** A port that does not say what it speaks is HTTP here: its bytes were found to be that, or come through an HTTP proxy. */
function isHttpTarget({ port }: RuledTarget): boolean {
  return isHttp(port.protocol) || port.protocol === 'auto';
}

/** Endpoints over EDS, or by DNS: a host whose own address would be taken is looked up, as it has none in a request. */
function discovery(mesh: MeshView, client: ClientScope, named: Named): InitOf<typeof ClusterSchema> {
  const { name, target } = named;
  const { resolution, hostname } = target.service;
  if (resolution === 'original-destination' && client.kind === 'sidecar' && client.interception === 'redirect') {
    return ORIGINAL_DESTINATION;
  }
  if (resolution === 'endpoints') {
    return {
      clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.EDS },
      edsClusterConfig: { edsConfig: adsSource(), serviceName: name },
    };
  }
  const byOwnName = { ...target.service, backing: { kind: 'dns', address: hostname } } as const;
  const service = resolution === 'original-destination' ? byOwnName : target.service;
  const preference = effectivePolicy(target.policy, target.subset, target.port.number).loadBalancer?.localityLbSetting;
  const loadAssignment = inlineAssignment(mesh, client, { name, target: { ...target, service }, preference });
  // LOGICAL_DNS takes exactly one name (Envoy: service discovery, Logical DNS).
  const single = loadAssignment.endpoints.flatMap(({ lbEndpoints }) => lbEndpoints).length === 1;
  const { LOGICAL_DNS, STRICT_DNS } = Cluster_DiscoveryType;
  return {
    clusterDiscoveryType: {
      case: 'type',
      value: resolution === 'dns-round-robin' && single ? LOGICAL_DNS : STRICT_DNS,
    },
    respectDnsTtl: true,
    dnsRefreshRate: durationFromMs(60_000),
    // A name that is not there yet is asked for again soon.
    dnsFailureRefreshRate: { baseInterval: durationFromMs(1_000), maxInterval: durationFromMs(10_000) },
    dnsLookupFamily: Cluster_DnsLookupFamily.V4_PREFERRED,
    loadAssignment,
  };
}

function speaksHttp2({ port }: RuledTarget, policy: PortTrafficPolicy): boolean {
  const upgraded = policy.connectionPool?.http?.h2UpgradePolicy === 'UPGRADE';
  return port.protocol === 'http2' || port.protocol === 'grpc' || (upgraded && isHttp(port.protocol));
}

/** Requests on a port that does not say which HTTP it speaks go on as they came. */
function isSniffed({ kind, interception }: ClientScope, { port }: RuledTarget): boolean {
  return kind === 'sidecar' && interception === 'redirect' && port.protocol === 'auto';
}

function httpOptions(
  client: ClientScope,
  target: RuledTarget,
  policy: PortTrafficPolicy,
): ReturnType<typeof httpProtocolOptions> {
  const http = policy.connectionPool?.http;
  const kind: UpstreamHttp['kind'] = speaksHttp2(target, policy)
    ? 'http2'
    : http?.useClientProtocol || isSniffed(client, target)
      ? 'downstream'
      : 'http1';
  return httpProtocolOptions(
    { kind },
    {
      commonHttpProtocolOptions: {
        idleTimeout: durationFromMs(durationMs(http?.idleTimeout, IDLE_TIMEOUT_MS)),
        ...(http?.maxRequestsPerConnection ? { maxRequestsPerConnection: http.maxRequestsPerConnection } : {}),
      },
    },
  );
}

type Transport = Pick<InitOf<typeof ClusterSchema>, 'transportSocket' | 'transportSocketMatches'>;

/**
 * Auto mTLS (Istio): each endpoint that has a mesh proxy is spoken to in mTLS, others in the clear, unless a
 * DestinationRule says otherwise.
 */
function transport(
  mesh: MeshView,
  client: ClientScope,
  of: { readonly target: RuledTarget; readonly policy: PortTrafficPolicy },
): Transport {
  const { target, policy } = of;
  const { tls } = policy;
  const mode = tls ? (tls.mode ?? 'DISABLE') : 'AUTO';
  if (mode === 'DISABLE' || (mode === 'AUTO' && !target.service.inMesh)) return {};
  if (tls && (mode === 'SIMPLE' || mode === 'MUTUAL')) return { transportSocket: ofRule(target, policy, tls) };
  const socket = clientMtls({ alpn: alpnOf(client, target, policy), identities: identities(mesh, client, of) });
  if (mode === 'ISTIO_MUTUAL') return { transportSocket: socket };
  return {
    transportSocketMatches: [
      { name: 'tlsMode-istio', match: { tlsMode: 'istio' }, transportSocket: socket },
      { name: 'tlsMode-disabled', match: {}, transportSocket: rawBuffer() },
    ],
  };
}

function ofRule(
  target: RuledTarget,
  policy: PortTrafficPolicy,
  tls: ClientTlsSettings,
): NonNullable<Transport['transportSocket']> {
  const alpn = !isHttpTarget(target) ? [] : speaksHttp2(target, policy) ? ['h2'] : ['http/1.1'];
  return originatedTls(tls, { host: target.service.hostname, alpn });
}

function alpnOf(client: ClientScope, target: RuledTarget, policy: PortTrafficPolicy): readonly string[] {
  if (!isHttpTarget(target)) return CLIENT_ALPN.tcp;
  if (isSniffed(client, target)) return CLIENT_ALPN.sniffed;
  return speaksHttp2(target, policy) ? CLIENT_ALPN.http2 : CLIENT_ALPN.http;
}

/** Who may answer: those that a DestinationRule names; else the identities of the endpoints, and a ServiceEntry's. */
function identities(
  mesh: MeshView,
  client: ClientScope,
  { target, policy }: { readonly target: RuledTarget; readonly policy: PortTrafficPolicy },
): readonly string[] {
  if (policy.tls?.subjectAltNames?.length) return [...policy.tls.subjectAltNames].sort();
  const own = reachableEndpoints(mesh, client, target).map(({ identity }) => identity);
  return [...new Set([...own, ...target.service.subjectAltNames])].filter((id) => id !== '').sort();
}
