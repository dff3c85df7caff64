import { create } from '@bufbuild/protobuf';
import type { ClientTlsSettings, PortTrafficPolicy } from '../../config/index.ts';
import {
  type Cluster,
  Cluster_DiscoveryType,
  ClusterSchema,
} from '../../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import type { TransportSocket } from '../../envoy/gen/envoy/config/core/v3/base_pb.ts';
import { HttpProtocolOptionsSchema } from '../../envoy/gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts';
import { pack } from '../../envoy/index.ts';
import type { MeshView } from '../../mesh/index.ts';
import { type ClientScope, isHttp } from '../../model/index.ts';
import type { Built } from '../built.ts';
import { loadAssignment, reachableEndpoints } from '../endpoints.ts';
import { ads, duration, type InitOf } from '../envoy-types.ts';
import type { RuledTarget } from '../targets.ts';
import { CLIENT_ALPN, clientMtls, clientTls } from '../tls.ts';
import { RAW_BUFFER } from './raw-buffer.ts';
import { circuitBreakers, durationMs, effectivePolicy, lbPolicy, outlierDetection } from './traffic-policy.ts';

/** Istio's default connect time-out, in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;
const SYSTEM_ROOTS = '/etc/ssl/certs/ca-certificates.crt';

/** The Envoy cluster by which a client calls a service's port, or a subset of it. */
export function outboundCluster(
  mesh: MeshView,
  client: ClientScope,
  named: { readonly name: string; readonly target: RuledTarget },
): Built<Cluster> {
  const { name, target } = named;
  const policy = effectivePolicy(target.rules[0]?.spec, target.subset, target.port.number);
  const message = create(ClusterSchema, {
    name,
    ...discovery(mesh, client, named),
    connectTimeout: duration(durationMs(policy.connectionPool?.tcp?.connectTimeout, CONNECT_TIMEOUT_MS)),
    lbPolicy: lbPolicy(policy),
    commonLbConfig: { healthyPanicThreshold: { value: 0 } },
    circuitBreakers: { thresholds: [circuitBreakers(policy.connectionPool)] },
    outlierDetection: outlierDetection(policy.outlierDetection),
    ...(isHttpTarget(target) ? { typedExtensionProtocolOptions: httpOptions(target, policy) } : {}),
    ...transport(mesh, client, { target, tls: policy.tls }),
  });
  return { message, origins: [...target.service.origins, ...target.rules.map(({ ref }) => ref)] };
}

/** A port that does not say what it speaks is HTTP here: calls come in through an HTTP proxy. */
function isHttpTarget({ port }: RuledTarget): boolean {
  return isHttp(port.protocol) || port.protocol === 'auto';
}

function discovery(
  mesh: MeshView,
  client: ClientScope,
  named: { readonly name: string; readonly target: RuledTarget },
): InitOf<typeof ClusterSchema> {
  const { resolution } = named.target.service;
  if (resolution === 'endpoints') {
    return {
      clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.EDS },
      edsClusterConfig: { edsConfig: ads(), serviceName: named.name },
    };
  }
  const type = resolution === 'dns-round-robin' ? Cluster_DiscoveryType.LOGICAL_DNS : Cluster_DiscoveryType.STRICT_DNS;
  return {
    clusterDiscoveryType: { case: 'type', value: type },
    respectDnsTtl: true,
    dnsRefreshRate: duration(60_000),
    loadAssignment: loadAssignment(mesh, client, named).message,
  };
}

function httpOptions(target: RuledTarget, policy: PortTrafficPolicy): Record<string, ReturnType<typeof pack>> {
  const http = policy.connectionPool?.http;
  const http2 =
    target.port.protocol === 'http2' || target.port.protocol === 'grpc' || http?.h2UpgradePolicy === 'UPGRADE';
  const config = http2
    ? { case: 'http2ProtocolOptions' as const, value: {} }
    : { case: 'httpProtocolOptions' as const, value: {} };
  const options = pack(HttpProtocolOptionsSchema, {
    upstreamProtocolOptions: { case: 'explicitHttpConfig', value: { protocolConfig: config } },
    commonHttpProtocolOptions: {
      idleTimeout: duration(durationMs(http?.idleTimeout, 3_600_000)),
      ...(http?.maxRequestsPerConnection ? { maxRequestsPerConnection: http.maxRequestsPerConnection } : {}),
    },
  });
  return { 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': options };
}

type Transport = Pick<InitOf<typeof ClusterSchema>, 'transportSocket' | 'transportSocketMatches'>;

/**
 * Auto mTLS (Istio): each endpoint that has a mesh proxy is spoken to in mTLS, others in the clear, unless a
 * DestinationRule says otherwise.
 */
function transport(
  mesh: MeshView,
  client: ClientScope,
  of: { readonly target: RuledTarget; readonly tls: ClientTlsSettings | undefined },
): Transport {
  const { target, tls } = of;
  const mode = tls?.mode ?? (target.service.inMesh ? 'ISTIO_MUTUAL' : 'DISABLE');
  if (mode === 'DISABLE') return {};
  if (mode === 'SIMPLE' || mode === 'MUTUAL') return { transportSocket: originatedTls(target, tls) };
  const socket = clientMtls({ alpn: alpnOf(target), identities: identities(mesh, client, target) });
  if (tls?.mode === 'ISTIO_MUTUAL') return { transportSocket: socket };
  return {
    transportSocketMatches: [
      { name: 'tlsMode-istio', match: { tlsMode: 'istio' }, transportSocket: socket },
      {
        name: 'tlsMode-disabled',
        match: {},
        transportSocket: { name: 'envoy.transport_sockets.raw_buffer', configType: rawBuffer() },
      },
    ],
  };
}

function rawBuffer(): NonNullable<TransportSocket['configType']> {
  return { case: 'typedConfig', value: RAW_BUFFER };
}

function alpnOf({ port }: RuledTarget): readonly string[] {
  if (port.protocol === 'http2' || port.protocol === 'grpc') return CLIENT_ALPN.http2;
  return port.protocol === 'http' || port.protocol === 'auto' ? CLIENT_ALPN.http : CLIENT_ALPN.tcp;
}

/** Who may answer: the identities of the endpoints, and those that a ServiceEntry names. */
function identities(mesh: MeshView, client: ClientScope, target: RuledTarget): readonly string[] {
  const own = reachableEndpoints(mesh, client, target).map(({ identity }) => identity);
  return [...new Set([...own, ...target.service.subjectAltNames])].filter((id) => id !== '').sort();
}

function originatedTls(target: RuledTarget, tls: ClientTlsSettings | undefined): TransportSocket {
  return clientTls({
    sni: tls?.sni || target.service.hostname,
    subjectAltNames: tls?.subjectAltNames ?? [target.service.hostname],
    caFile: tls?.caCertificates ?? SYSTEM_ROOTS,
    insecureSkipVerify: tls?.insecureSkipVerify ?? false,
    alpn: isHttp(target.port.protocol) ? ['http/1.1'] : [],
  });
}
