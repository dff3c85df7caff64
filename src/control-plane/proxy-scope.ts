import type { MeshObject } from '../mesh/index.ts';
import {
  type ClientScope,
  type ClusterId,
  DEFAULT_TRUST_DOMAIN,
  type GatewayBind,
  type Interception,
  type Locality,
  type NetworkId,
  type ProxyScope,
  type SocketAddress,
} from '../model/index.ts';

/** The key of a Node's metadata under which a proxy says how traffic comes to it. */
export const INTERCEPTION_METADATA = 'PELAGOS_INTERCEPTION';
export const GATEWAY_BINDS_METADATA = 'PELAGOS_GATEWAY_BINDS';

/** Labels that differ from pod to pod of one workload; no object sensibly selects on them. */
const POD_LABELS: ReadonlySet<string> = new Set([
  'pod-template-hash',
  'controller-revision-hash',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
]);

/** What is known of a proxy when it connects: its pod is read from the registry, the rest is said by itself. */
export interface ProxyFacts {
  readonly pod: MeshObject<'Pod'>;
  readonly cluster: ClusterId;
  readonly network: NetworkId | '';
  readonly locality: Locality;
  readonly serviceAccount: string;
  readonly trustDomain: string;
  /** Node.id; its first part says sidecar or router (Istio). */
  readonly nodeId: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The scope of a proxy; equal client sides have equal keys. */
export function proxyScope(facts: ProxyFacts): ProxyScope {
  const { pod, cluster, network, locality, metadata } = facts;
  const { namespace, name } = pod.meta;
  const kind = facts.nodeId.startsWith('router~') ? 'gateway' : 'sidecar';
  const shared = Object.entries(pod.meta.labels).filter(([key]) => !POD_LABELS.has(key));
  const labels = Object.fromEntries(shared.sort(([a], [b]) => (a < b ? -1 : 1)));
  const interception = readInterception(metadata[INTERCEPTION_METADATA]);
  const client = clientScope({
    cluster,
    network,
    locality,
    namespace,
    kind,
    interception: interception.kind,
    labels,
  });
  const gatewayBinds = readBinds(metadata[GATEWAY_BINDS_METADATA]);
  const addresses = addressesOf(pod);
  return {
    key: JSON.stringify([client.key, name, addresses, facts.serviceAccount, interception, gatewayBinds]),
    client,
    workload: name,
    serviceAccount: facts.serviceAccount,
    trustDomain: facts.trustDomain || DEFAULT_TRUST_DOMAIN,
    address: addresses[0] ?? '',
    addresses,
    interception,
    gatewayBinds,
  };
}

function clientScope(client: Omit<ClientScope, 'key'>): ClientScope {
  const { cluster, network, locality, namespace, kind, interception, labels } = client;
  return { key: JSON.stringify([cluster, network, locality, namespace, kind, interception, labels]), ...client };
}

function addressesOf({ status }: ProxyFacts['pod']): readonly string[] {
  const all = [status?.podIP, ...(status?.podIPs ?? []).map(({ ip }) => ip)];
  return [...new Set(all.flatMap((address) => address || []))];
}

const REDIRECTED: Interception = { kind: 'redirect', inboundPort: 15006, outboundPort: 15001 };

/** A proxy speaks only of its own sockets here: it can mislead nobody but itself. What is no such list is left out. */
function readInterception(value: unknown): Interception {
  const parsed = readJson(value);
  if (!isRecord(parsed) || parsed['kind'] !== 'ports') return REDIRECTED;
  const httpProxy = readSocket(parsed['httpProxy']);
  if (!httpProxy) return REDIRECTED;
  const inbound = readList(parsed['inbound']).flatMap((item) => {
    const [port, bind, app] = [readPort(item['port']), readSocket(item['bind']), readSocket(item['app'])];
    return port !== undefined && bind && app ? [{ port, bind, app }] : [];
  });
  return { kind: 'ports', httpProxy, inbound };
}

function readBinds(value: unknown): readonly GatewayBind[] {
  return readList(readJson(value)).flatMap((item) => {
    const [port, bind] = [readPort(item['port']), readSocket(item['bind'])];
    return port !== undefined && bind ? [{ port, bind }] : [];
  });
}

/** More ports than this no workload has. */
const MAX_PORTS = 1024;

function readList(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.slice(0, MAX_PORTS).filter(isRecord) : [];
}

function readSocket(value: unknown): SocketAddress | undefined {
  if (!isRecord(value)) return undefined;
  const { address, port } = value;
  const number = readPort(port);
  return typeof address === 'string' && number !== undefined ? { address, port: number } : undefined;
}

/** Numbers come as doubles in a Node's metadata (google.protobuf.Struct). */
function readPort(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= 65_535 ? value : undefined;
}

function readJson(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
