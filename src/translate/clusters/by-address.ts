import { create } from '@bufbuild/protobuf';
import {
  type Cluster,
  Cluster_DiscoveryType,
  ClusterSchema,
} from '../../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { durationFromMs, formatClusterName, httpProtocolOptions, socketAddress } from '../../envoy/index.ts';
import { type AddressOwner, isVirtualAddress, MESH_GATEWAY, type MeshView } from '../../mesh/index.ts';
import type { ClientScope, Endpoint, Hostname, ObjectRef } from '../../model/index.ts';
import type { Built, InitOf } from '../built.ts';
import { asServed } from '../endpoints.ts';
import { type AddressUse, PASSTHROUGH_CLUSTER, parseAddressClusterName } from '../names.ts';
import { destinationShares } from '../routes/destinations.ts';
import { ruleFor } from '../routes/rule-for.ts';
import { tcpRoute } from '../routes/stream-routes.ts';
import { outboundTarget, type RuledTarget, serviceClusterName, visibleService } from '../targets.ts';
import { CLIENT_ALPN, clientMtls } from '../tls.ts';
import { allowsOutside } from './forward-proxy.ts';
import { outboundCluster } from './outbound.ts';
import { circuitBreakers } from './traffic-policy.ts';

/** What somebody calls: an address, at a port, as bytes or as requests. */
interface CalledAddress {
  readonly name: string;
  readonly use: AddressUse;
  readonly address: string;
  readonly port: number;
}

/**
 * The cluster of an address that a redirected workload calls (`tcp|10.96.0.10:3306`): the service behind it as if it had
 * been called by name, one pod with mTLS where it has a proxy, or just the address. @returns undefined where nothing
 * may be called there. Tracked.
 */
export function addressCluster(mesh: MeshView, client: ClientScope, name: string): Built<Cluster> | undefined {
  const parsed = parseAddressClusterName(name);
  if (!parsed) return undefined;
  const called = { name, ...parsed };
  const owner = mesh.addresses.at(client.cluster, parsed.address);
  if (owner?.kind === 'host') {
    const behind = hostTarget(mesh, client, { ...called, hostname: owner.hostname });
    if (behind) return outboundCluster(mesh, client, { name, ...behind });
  }
  const one = oneEndpoint(mesh, client, { ...called, owner });
  if (one) return { message: onePlace(called, one), origins: one.origins };
  if (isVirtualAddress(parsed.address)) return undefined;
  return allowsOutside(mesh, client) ? { message: onePlace(called, undefined), origins: [] } : undefined;
}

/** One endpoint that is called by its own address. */
interface OneEndpoint {
  readonly endpoint: Endpoint;
  /** Of the headless service that it was probably found by; by its own address else. */
  readonly statName: string;
  readonly origins: readonly ObjectRef[];
}

function oneEndpoint(
  mesh: MeshView,
  client: ClientScope,
  called: CalledAddress & { readonly owner: AddressOwner | undefined },
): OneEndpoint | undefined {
  const { address, port, owner } = called;
  const headless = mesh.headless.at(client.cluster, address, port);
  if (headless) {
    const statName = formatClusterName({
      direction: 'outbound',
      port: headless.port,
      subset: '',
      hostname: headless.hostname,
    });
    return { endpoint: { ...asServed(mesh, headless.endpoint), address }, statName, origins: [headless.service] };
  }
  const endpoint = owner?.kind === 'pod' ? mesh.endpoints.ofPod(owner.pod, port) : undefined;
  if (!endpoint || owner?.kind !== 'pod') return undefined;
  return { endpoint: { ...asServed(mesh, endpoint), address }, statName: '', origins: [owner.pod] };
}

/** The service that stands behind the address of such a cluster, for its endpoints. Tracked. */
export function addressTarget(mesh: MeshView, client: ClientScope, name: string): RuledTarget | undefined {
  const parsed = parseAddressClusterName(name);
  if (!parsed) return undefined;
  const owner = mesh.addresses.at(client.cluster, parsed.address);
  if (owner?.kind !== 'host') return undefined;
  return hostTarget(mesh, client, { name, ...parsed, hostname: owner.hostname })?.target;
}

interface Behind {
  readonly target: RuledTarget;
  /** The name by which the same is called in routes; statistics go by it. */
  readonly canonical: string;
}

/** A TCP route with several destinations has a listener of its own: what is left here is one destination. */
function hostTarget(
  mesh: MeshView,
  client: ClientScope,
  called: CalledAddress & { readonly hostname: Hostname },
): Behind | undefined {
  const { hostname: host, port, use } = called;
  const service = visibleService(mesh, client, host);
  const rule = use === 'tcp' ? ruleFor(mesh, client, { host, service, part: 'tcp' }) : undefined;
  const context = { client, port, gateway: MESH_GATEWAY };
  const route = rule && tcpRoute(rule, context);
  const [share] = rule && route ? destinationShares(mesh, rule, { context, destinations: route.route ?? [] }) : [];
  const own = service && serviceClusterName(service, port);
  const canonical = share?.cluster ?? own;
  const target = canonical === undefined ? undefined : outboundTarget(mesh, client, canonical);
  if (!target || canonical === undefined) return undefined;
  return { canonical, target: { ...target, port: { ...target.port, protocol: protocolFor(use, target) } } };
}

/** How it is spoken to depends on what was seen: bytes are never taken for requests, nor requests for bytes. */
function protocolFor(use: AddressUse, { port: { protocol } }: RuledTarget): RuledTarget['port']['protocol'] {
  if (use === 'tcp') return 'tcp';
  return protocol === 'tcp' || protocol === 'tls' ? 'auto' : protocol;
}

/** One address: a pod, in mTLS if it has a proxy, or some other place in the clear. */
function onePlace(called: CalledAddress, one: OneEndpoint | undefined): Cluster {
  const pod = one?.endpoint;
  const { name, use, address, port } = called;
  const alpn = use === 'http' ? CLIENT_ALPN.sniffed : CLIENT_ALPN.tcp;
  const socket = pod?.mtls ? clientMtls({ alpn, identities: pod.identity ? [pod.identity] : [] }) : undefined;
  const init: InitOf<typeof ClusterSchema> = {
    name,
    // Places outside are counted together, pods by their service or each by itself.
    altStatName: one ? one.statName : PASSTHROUGH_CLUSTER,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STATIC },
    connectTimeout: durationFromMs(10_000),
    circuitBreakers: { thresholds: [circuitBreakers(undefined)] },
    loadAssignment: {
      clusterName: name,
      endpoints: [
        {
          lbEndpoints: [
            {
              hostIdentifier: { case: 'endpoint', value: { hostname: address, address: socketAddress(address, port) } },
            },
          ],
        },
      ],
    },
    ...(use === 'http' ? { typedExtensionProtocolOptions: httpProtocolOptions({ kind: 'downstream' }) } : {}),
    ...(socket ? { transportSocket: socket } : {}),
  };
  return create(ClusterSchema, init);
}
