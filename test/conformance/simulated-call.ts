import { fromBinary } from '@bufbuild/protobuf';
import { LineCounter, parseAllDocuments } from 'yaml';
import { parseObject } from '../../src/config/index.ts';
import { proxyScope, Translation } from '../../src/control-plane/index.ts';
import { ClusterSchema } from '../../src/envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { ClusterLoadAssignmentSchema } from '../../src/envoy/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { ListenerSchema } from '../../src/envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { VirtualHostSchema } from '../../src/envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { RouteConfigurationSchema } from '../../src/envoy/gen/envoy/config/route/v3/route_pb.ts';
import { Mesh } from '../../src/mesh/index.ts';
import { type ClusterId, DEFAULT_MESH_CONFIG, type MeshConfig, NO_LOCALITY } from '../../src/model/index.ts';
import {
  type Call,
  CLUSTER,
  ENDPOINTS,
  type FailureKind,
  firstClusters,
  LISTENER,
  type ProxySite,
  type ResourceLookup,
  ROUTE_CONFIGURATION,
  VIRTUAL_HOST,
  walk,
} from '../../src/simulate/index.ts';
import { toRawObject } from '../../src/sources/index.ts';

/** A case of Istio's simulation tests, as data. */
export interface SimulationCase {
  readonly test: string;
  readonly config: string;
  readonly kube: string;
  /** MeshConfig; the enum's zero value is left out. */
  readonly mesh?: { readonly outboundTrafficPolicy?: { readonly mode?: MeshConfig['outboundTrafficPolicy'] } };
  readonly proxy: {
    readonly ips: readonly string[];
    readonly labels: Readonly<Record<string, string>> | null;
    readonly namespace: string;
    readonly type: 'sidecar' | 'router';
  };
  readonly calls: readonly {
    readonly name: string;
    readonly call: CaseCall;
    readonly expect: { readonly cluster: string; readonly error: string };
  }[];
}

export interface CaseCall {
  readonly address: string;
  readonly alpn: string;
  readonly headers: Readonly<Record<string, readonly string[]>> | null;
  readonly host: string;
  readonly mode: string;
  readonly path: string;
  readonly port: number;
  readonly protocol: string;
  readonly sni: string;
  readonly tls: string;
}

const HOME = 'Kubernetes' as ClusterId;
const POD = 'the-proxy';

const SCHEMAS = {
  [LISTENER]: ListenerSchema,
  [ROUTE_CONFIGURATION]: RouteConfigurationSchema,
  [VIRTUAL_HOST]: VirtualHostSchema,
  [CLUSTER]: ClusterSchema,
  [ENDPOINTS]: ClusterLoadAssignmentSchema,
} as const;

/** The proxy of a case with all that our control plane gives it. */
export function proxyOfCase({ config, kube, proxy, mesh: settings }: SimulationCase): ProxySite {
  const outboundTrafficPolicy = settings ? (settings.outboundTrafficPolicy?.mode ?? 'REGISTRY_ONLY') : 'ALLOW_ANY';
  const mesh = new Mesh({ home: HOME, config: { ...DEFAULT_MESH_CONFIG, outboundTrafficPolicy } });
  mesh.setMember({ id: HOME, network: '' });
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: POD, namespace: proxy.namespace, labels: proxy.labels ?? {} },
    spec: { containers: [{ name: 'app', image: 'app' }] },
    status: { podIP: proxy.ips[0] },
  };
  const objects = [...documents(config), ...documents(kube), pod].flatMap((body) => {
    const raw = toRawObject(body, { cluster: HOME, origin: { kind: 'generated', by: 'test' } });
    const parsed = 'problem' in raw ? undefined : parseObject(raw).object;
    return parsed ? [parsed] : [];
  });
  mesh.apply({ set: objects, deleted: [] });
  const translation = new Translation(mesh);
  const registered = mesh.pod(HOME, proxy.namespace, POD);
  if (!registered) throw new Error('the proxy is not in the mesh');
  const scope = proxyScope({
    pod: registered,
    cluster: HOME,
    network: '',
    locality: NO_LOCALITY,
    serviceAccount: 'default',
    trustDomain: 'cluster.local',
    nodeId: `${proxy.type}~${proxy.ips[0]}~${POD}.${proxy.namespace}~${proxy.namespace}.svc.cluster.local`,
    metadata: {},
  });
  translation.hold(scope);
  const get: ResourceLookup['get'] = (type, name) => {
    const resource = translation.resource(scope, type, name);
    return resource && (fromBinary(SCHEMAS[type], resource.bytes) as never);
  };
  return {
    address: proxy.ips[0] ?? '',
    certificate: () => ({ uris: ['spiffe://cluster.local/ns/default/sa/default'], dnsNames: [] }),
    resources: {
      get,
      isPushed: (cluster) => translation.wildcard(scope, CLUSTER).includes(cluster),
      listeners: () => translation.wildcard(scope, LISTENER).flatMap((name) => get(LISTENER, name) ?? []),
    },
  };
}

function documents(text: string): readonly Readonly<Record<string, unknown>>[] {
  return parseAllDocuments(text, { lineCounter: new LineCounter() }).flatMap((document) => {
    const value = document.toJS() as Readonly<Record<string, unknown>> | null;
    return value ? [value] : [];
  });
}

/** Istio's words for what goes wrong. */
const ERRORS: Partial<Readonly<Record<FailureKind, string>>> = {
  'no-listener': 'no listener matched',
  'no-filter-chain': 'no filter chains matched',
  'multiple-filter-chains': 'multiple filter chains matched',
  'no-virtual-host': 'no virtual host matched',
  'no-route': 'no route matched',
  'tls-redirect': 'tls required, sending 301',
  'tls-required': 'invalid TLS',
  'certificate-required': 'invalid mTLS',
  'certificate-refused': 'invalid mTLS',
  'protocol-error': 'protocol error',
};

/** Where the call ends at this proxy: an Envoy cluster, or an error in Istio's words. */
export function resultOf(
  site: ProxySite,
  given: CaseCall,
  type: 'sidecar' | 'router',
): { readonly cluster: string; readonly error: string } {
  const found = walk({ proxy: () => site, connect: () => undefined }, 'proxy', callOf(given, type, site.address));
  const [cluster] = firstClusters(found).keys();
  if (cluster !== undefined) return { cluster, error: '' };
  const failure = found.paths[0]?.outcome.failure;
  // Istio's cases look at where a route leads, and not at whether that is there.
  const missing = /^the proxy has no cluster (outbound\|.*)$/.exec(failure?.message ?? '')?.[1];
  if (missing !== undefined) return { cluster: missing, error: '' };
  return { cluster: '', error: failure ? (ERRORS[failure.kind] ?? failure.kind) : '' };
}

/** The defaults are those of Istio's simulation. */
function callOf(given: CaseCall, type: 'sidecar' | 'router', own: string): Call {
  const isHttp = given.protocol === 'http' || given.protocol === 'http2';
  const version = given.protocol === 'http2' ? 'h2' : 'http/1.1';
  const mesh = given.protocol === 'http' ? 'istio-http/1.1' : given.protocol === 'http2' ? 'istio-h2' : 'istio';
  const plain = isHttp ? [version] : [];
  const alpn = given.alpn ? [given.alpn] : given.tls === 'mtls' ? [mesh] : plain;
  const tls = {
    sni: given.sni || (given.tls === 'tls' ? given.host : ''),
    alpn,
    ...(given.tls === 'mtls'
      ? { certificate: { uris: ['spiffe://cluster.local/ns/default/sa/caller'], dnsNames: [] } }
      : {}),
  };
  const redirectedTo = given.mode === 'inbound' ? 15006 : 15001;
  return {
    kind: isHttp ? 'http' : 'tcp',
    via: type === 'router' ? { kind: 'direct' } : { kind: 'intercepted', redirectedTo },
    // A gateway's listeners are at the address of its pod here.
    destination: { address: given.address || (type === 'router' ? own : '1.3.3.7'), port: given.port },
    host: given.host,
    path: given.path || '/',
    version,
    headers: Object.fromEntries(Object.entries(given.headers ?? {}).map(([name, values]) => [name, values.join(',')])),
    ...(given.tls === 'tls' || given.tls === 'mtls' ? { tls } : {}),
  };
}
