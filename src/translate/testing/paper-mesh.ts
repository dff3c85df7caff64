import assert from 'node:assert/strict';
import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { type OfflineControlPlane, offlineControlPlane, proxyScope } from '../../control-plane/index.ts';
import { type Cluster, ClusterSchema } from '../../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
} from '../../envoy/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { type Listener, ListenerSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { type VirtualHost, VirtualHostSchema } from '../../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { type RouteConfiguration, RouteConfigurationSchema } from '../../envoy/gen/envoy/config/route/v3/route_pb.ts';
import { TYPE_URL } from '../../envoy/index.ts';
import {
  type ClusterId,
  DEFAULT_MESH_CONFIG,
  type MeshConfig,
  type NetworkId,
  type ProxyScope,
  parseLocality,
  type RawObject,
  type Resource,
} from '../../model/index.ts';
import { parseManifest } from '../../sources/index.ts';

/** The objects of a manifest's text. @throws where it is no manifest. */
export function objectsOf(cluster: string, text: string): readonly RawObject[] {
  const manifest = parseManifest({ cluster: cluster as ClusterId, file: `${cluster}.yaml`, text });
  assert.deepEqual(manifest.diagnostics, []);
  return manifest.documents.flatMap(({ objects }) => objects);
}

/** Clusters by name, each with its manifests; the first one's rules count, and a cluster is a network of its own name. */
export interface PaperMeshOptions {
  readonly clusters: Readonly<Record<string, string>>;
  readonly meshConfig?: Partial<MeshConfig>;
  /** All clusters in one network. */
  readonly flat?: boolean;
}

/** A mesh out of manifests, as the control plane of its first cluster sees it. */
export class PaperMesh {
  readonly plane: OfflineControlPlane;

  constructor(options: PaperMeshOptions) {
    const names = Object.keys(options.clusters);
    this.plane = offlineControlPlane({
      cluster: (names[0] ?? '') as ClusterId,
      meshConfig: { ...DEFAULT_MESH_CONFIG, ...options.meshConfig },
      members: names.map((name, index) => ({
        id: name as ClusterId,
        network: (options.flat ? '' : name) as NetworkId,
        objects: objectsOf(name, options.clusters[name] ?? ''),
        config: index === 0,
      })),
    });
    const errors = this.plane.diagnostics().filter(({ severity }) => severity === 'error');
    assert.deepEqual(
      errors.map(({ message }) => message),
      [],
    );
  }

  /** Sets objects of a cluster by their manifests. */
  apply(cluster: string, text: string): void {
    this.plane.apply(cluster as ClusterId, { set: objectsOf(cluster, text), deleted: [], diagnostics: [] });
  }

  /** Deletes the objects that the manifests name. */
  delete(cluster: string, text: string): void {
    const deleted = objectsOf(cluster, text).map(({ ref }) => ref);
    this.plane.apply(cluster as ClusterId, { set: [], deleted, diagnostics: [] });
  }

  /** What the sidecar of a pod gets. @param pod `cluster1/default/client` @param inbound ports of the application. */
  sidecar(pod: string, inbound: readonly number[] = [], locality = ''): PaperProxy {
    const bind = (port: number): object => ({ address: '127.9.9.9', port });
    const interception = {
      kind: 'ports',
      httpProxy: bind(15080),
      inbound: inbound.map((port) => ({ port, bind: bind(port), app: { address: '127.0.0.1', port } })),
    };
    return this.proxy(pod, `sidecar~127.9.9.9~${pod}`, { PELAGOS_INTERCEPTION: interception, LOCALITY: locality });
  }

  /** What the sidecar of a pod gets whose connections are redirected. @param pod `cluster1/default/client` */
  redirected(pod: string): PaperProxy {
    return this.proxy(pod, `sidecar~127.9.9.9~${pod}`, {});
  }

  /** What a gateway's pod gets. */
  gateway(pod: string): PaperProxy {
    return this.proxy(pod, `router~127.9.9.9~${pod}`, {});
  }

  private proxy(name: string, nodeId: string, metadata: Readonly<Record<string, unknown>>): PaperProxy {
    const [cluster = '', namespace = '', podName = ''] = name.split('/');
    const { mesh } = this.plane;
    const pod = mesh.pod(cluster as ClusterId, namespace, podName);
    assert.ok(pod, `the mesh has no pod ${name}`);
    const scope = proxyScope({
      pod,
      cluster: cluster as ClusterId,
      network: mesh.endpoints.networkOfPod(pod),
      locality: parseLocality(String(metadata['LOCALITY'] ?? '')),
      serviceAccount: pod.spec.serviceAccountName ?? 'default',
      trustDomain: mesh.config.trustDomain,
      nodeId,
      metadata,
    });
    this.plane.translation.hold(scope);
    return new PaperProxy(this.plane, scope);
  }
}

/** An endpoint as tests look at it. */
export interface PaperEndpoint {
  /** `10.0.0.1:8080`, or `network|cluster2 cluster2/default/pod:8080`. */
  readonly at: string;
  readonly sni: string;
  readonly priority: number;
  readonly mtls: boolean;
}

/** What one proxy gets, off the wire. */
export class PaperProxy {
  readonly scope: ProxyScope;
  private readonly plane: OfflineControlPlane;

  constructor(plane: OfflineControlPlane, scope: ProxyScope) {
    this.plane = plane;
    this.scope = scope;
  }

  resource(type: string, name: string): Resource | undefined {
    return this.plane.translation.resource(this.scope, type, name);
  }

  names(type: string): readonly string[] {
    return this.plane.translation.wildcard(this.scope, type);
  }

  listener(name: string): Listener | undefined {
    return this.decoded(ListenerSchema, TYPE_URL.LDS, name);
  }

  routes(name: string): RouteConfiguration | undefined {
    return this.decoded(RouteConfigurationSchema, TYPE_URL.RDS, name);
  }

  cluster(name: string): Cluster | undefined {
    return this.decoded(ClusterSchema, TYPE_URL.CDS, name);
  }

  assignment(name: string): ClusterLoadAssignment | undefined {
    return this.decoded(ClusterLoadAssignmentSchema, TYPE_URL.EDS, name);
  }

  /** The virtual host for a host as the workload calls it. */
  host(host: string): VirtualHost | undefined {
    return this.decoded(VirtualHostSchema, TYPE_URL.VHDS, `http_proxy/${host}`);
  }

  /** The virtual host for a host that a redirected workload calls at a port. */
  hostAt(port: number, host: string): VirtualHost | undefined {
    return this.decoded(VirtualHostSchema, TYPE_URL.VHDS, `${port}/${host}`);
  }

  /** Where plain requests to a host go: the cluster of its first route; undefined for a host that is nobody's. */
  clusterOf(host: string): string | undefined {
    const action = this.host(host)?.routes.find(({ match }) => match?.pathSpecifier.case !== 'connectMatcher')?.action;
    if (action?.case !== 'route') return undefined;
    const { clusterSpecifier } = action.value;
    if (clusterSpecifier.case === 'cluster') return clusterSpecifier.value;
    if (clusterSpecifier.case !== 'weightedClusters') return undefined;
    return clusterSpecifier.value.clusters.map(({ name, weight }) => `${weight} ${name}`).join(', ');
  }

  endpoints(cluster: string): readonly PaperEndpoint[] {
    return (this.assignment(cluster)?.endpoints ?? []).flatMap(({ priority, lbEndpoints }) =>
      lbEndpoints.map(({ hostIdentifier, metadata }) => {
        assert.equal(hostIdentifier.case, 'endpoint');
        const { hostname: sni, address } = hostIdentifier.value;
        const mtls = metadata?.filterMetadata['envoy.transport_socket_match'] !== undefined;
        return { at: addressText(address?.address), sni, priority, mtls };
      }),
    );
  }

  /** The addresses behind a host, through its route and cluster. */
  behind(host: string): readonly string[] {
    const cluster = this.clusterOf(host);
    return cluster === undefined ? [] : this.endpoints(cluster).map(({ at }) => at);
  }

  private decoded<Desc extends DescMessage>(schema: Desc, type: string, name: string): MessageShape<Desc> | undefined {
    const resource = this.resource(type, name);
    return resource && fromBinary(schema, resource.bytes);
  }
}

type AddressCase = NonNullable<
  MessageShape<typeof import('../../envoy/gen/envoy/config/core/v3/address_pb.ts').AddressSchema>
>['address'];

function addressText(address: AddressCase | undefined): string {
  switch (address?.case) {
    case 'socketAddress':
      return `${address.value.address}:${address.value.portSpecifier.value ?? ''}`;
    case 'envoyInternalAddress':
      return `${address.value.addressNameSpecifier.value ?? ''} ${address.value.endpointId}`;
    case 'pipe':
      return address.value.path;
    default:
      return '';
  }
}
