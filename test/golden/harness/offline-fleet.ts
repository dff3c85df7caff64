import { type DescMessage, fromBinary } from '@bufbuild/protobuf';
import {
  GATEWAY_BINDS_METADATA,
  INTERCEPTION_METADATA,
  proxyScope,
  Translation,
} from '../../../src/control-plane/index.ts';
import { Ingest } from '../../../src/control-plane/ingest.ts';
import type { Diagnostic } from '../../../src/diagnostics/index.ts';
import type { FleetConfig } from '../../../src/embedded/config/fleet-config.ts';
import { readFleetConfig } from '../../../src/embedded/config/read-fleet-config.ts';
import { ClusterSchema } from '../../../src/envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { ClusterLoadAssignmentSchema } from '../../../src/envoy/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { ListenerSchema } from '../../../src/envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { VirtualHostSchema } from '../../../src/envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { RouteConfigurationSchema } from '../../../src/envoy/gen/envoy/config/route/v3/route_pb.ts';
import { Mesh } from '../../../src/mesh/index.ts';
import { type ClusterId, formatIdentity, type ProxyScope, parseHostname } from '../../../src/model/index.ts';
import {
  CLUSTER,
  ENDPOINTS,
  LISTENER,
  type ResourceLookup,
  ROUTE_CONFIGURATION,
  VIRTUAL_HOST,
} from '../../../src/simulate/index.ts';
import { loadOfflineCluster, type OfflineCluster } from './offline-cluster.ts';
import type { PlannedPod, WayIn } from './planned-pod.ts';

/** A proxy of a fleet on paper, with everything that its control plane would give it. */
export interface OfflineProxy {
  /** `cluster1/default/client-abc` */
  readonly key: string;
  readonly pod: PlannedPod;
  readonly identity: string;
  readonly resources: ResourceLookup;
  /** The addresses that a name stands for in the mesh's DNS, if any. */
  resolve(host: string): readonly string[];
}

/** A whole fleet on paper: real folders, controllers, mesh and translation; no process. */
export interface OfflineFleet {
  readonly config: FleetConfig;
  readonly clusters: readonly OfflineCluster[];
  readonly proxies: ReadonlyMap<string, OfflineProxy>;
  readonly diagnostics: readonly Diagnostic[];
}

const SCHEMAS: Readonly<Record<string, DescMessage>> = {
  [LISTENER]: ListenerSchema,
  [ROUTE_CONFIGURATION]: RouteConfigurationSchema,
  [VIRTUAL_HOST]: VirtualHostSchema,
  [CLUSTER]: ClusterSchema,
  [ENDPOINTS]: ClusterLoadAssignmentSchema,
};

/**
 * Builds the fleet of a folder as `pelagos up` would run it, or with redirected pods as on Kubernetes.
 * @throws where the folder is no fleet.
 */
export async function buildOfflineFleet(folder: string, way: WayIn = 'ports'): Promise<OfflineFleet> {
  const { config, diagnostics } = await readFleetConfig(folder);
  if (!config) throw new Error(diagnostics.map(({ message }) => message).join('; '));
  const networks = new Set(config.clusters.map(({ network }) => network));
  const clusters = await Promise.all(
    config.clusters.map((cluster, index) =>
      loadOfflineCluster(cluster, index + 1, { withGateways: true, hasOtherNetworks: networks.size > 1, way }),
    ),
  );
  const homes = new Set(config.clusters.map(({ primary }) => primary));
  const translations = new Map<ClusterId, { readonly mesh: Mesh; readonly translation: Translation }>();
  for (const home of homes) translations.set(home, await controlPlaneOf(home, config, clusters));
  const proxies = new Map<string, OfflineProxy>();
  for (const { config: own, pods } of clusters) {
    const served = translations.get(own.primary);
    if (!served) continue;
    for (const pod of pods) {
      if (pod.view.proxy === 'none') continue;
      const proxy = offlineProxy(own, pod, served);
      proxies.set(proxy.key, proxy);
    }
  }
  return {
    config,
    clusters,
    proxies,
    diagnostics: [...diagnostics, ...clusters.flatMap((cluster) => cluster.diagnostics)],
  };
}

async function controlPlaneOf(
  home: ClusterId,
  config: FleetConfig,
  clusters: readonly OfflineCluster[],
): Promise<{ readonly mesh: Mesh; readonly translation: Translation }> {
  const problems: unknown[] = [];
  const mesh = new Mesh({ home, config: config.meshConfig, onError: (error) => problems.push(error) });
  for (const { config: own, store } of clusters) {
    mesh.setMember({ id: own.name, network: own.network });
    const ingest = new Ingest(mesh, { withConfig: own.name === home, onChange: () => {} });
    const source = store.source();
    await source.start(ingest);
    await source.stop();
  }
  if (problems.length > 0) throw new AggregateError(problems, 'the mesh could not be computed');
  return { mesh, translation: new Translation(mesh) };
}

function offlineProxy(
  config: OfflineCluster['config'],
  pod: PlannedPod,
  served: { readonly mesh: Mesh; readonly translation: Translation },
): OfflineProxy {
  const { name, namespace, spec, proxy } = pod.view;
  const registered = served.mesh.pod(config.name, namespace, name);
  if (!registered) throw new Error(`the mesh does not know the pod ${namespace}/${name}`);
  const serviceAccount = spec.serviceAccountName ?? 'default';
  const scope = proxyScope({
    pod: registered,
    cluster: config.name,
    network: served.mesh.endpoints.networkOfPod(registered),
    locality: { region: config.region, zone: config.zone, subzone: '' },
    serviceAccount,
    trustDomain: served.mesh.config.trustDomain,
    nodeId: `${proxy === 'gateway' ? 'router' : 'sidecar'}~${pod.address}~${name}.${namespace}~${namespace}.svc.cluster.local`,
    metadata: { [INTERCEPTION_METADATA]: pod.interception, [GATEWAY_BINDS_METADATA]: pod.gatewayBinds },
  });
  served.translation.hold(scope);
  return {
    key: `${config.name}/${namespace}/${name}`,
    pod,
    identity: formatIdentity({ trustDomain: scope.trustDomain, namespace, serviceAccount }),
    resources: lookupOf(scope, served.translation),
    resolve(host) {
      const service = served.mesh.hosts.resolve(namespace, parseHostname(host));
      const { addresses } = served.mesh;
      return service ? addresses.of(config.name, service) : [addresses.ofRule(parseHostname(host)) ?? []].flat();
    },
  };
}

/** What this proxy gets, taken off the wire: encoded as it is sent, decoded as an Envoy does. */
function lookupOf(scope: ProxyScope, translation: Translation): ResourceLookup {
  const decoded = new Map<string, unknown>();
  const get: ResourceLookup['get'] = (type, name) => {
    const key = `${type} ${name}`;
    if (!decoded.has(key)) {
      const resource = translation.resource(scope, type, name);
      const schema = SCHEMAS[type];
      decoded.set(key, resource && schema && fromBinary(schema, resource.bytes));
    }
    return decoded.get(key) as never;
  };
  return {
    get,
    isPushed: (cluster) => translation.wildcard(scope, CLUSTER).includes(cluster),
    listeners: () => translation.wildcard(scope, LISTENER).flatMap((name) => get(LISTENER, name) ?? []),
  };
}
