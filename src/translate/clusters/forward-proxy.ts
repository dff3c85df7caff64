import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { isIpAddress } from '../../config/index.ts';
import {
  type Cluster,
  Cluster_DnsLookupFamily,
  Cluster_LbPolicy,
  ClusterSchema,
} from '../../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { ClusterConfigSchema } from '../../envoy/gen/envoy/extensions/clusters/dynamic_forward_proxy/v3/cluster_pb.ts';
import type { DnsCacheConfigSchema } from '../../envoy/gen/envoy/extensions/common/dynamic_forward_proxy/v3/dns_cache_pb.ts';
import { FilterConfigSchema } from '../../envoy/gen/envoy/extensions/filters/http/dynamic_forward_proxy/v3/dynamic_forward_proxy_pb.ts';
import type { HttpFilter } from '../../envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';
import { durationFromMs, httpFilter, httpProtocolOptions, pack } from '../../envoy/index.ts';
import type { MeshView } from '../../mesh/index.ts';
import type { ClientScope, Hostname } from '../../model/index.ts';
import type { Built } from '../built.ts';
import { circuitBreakers } from './traffic-policy.ts';

/** Filter and cluster share a cache by this name, and Envoy wants its settings the same in both. */
const DNS_CACHE: MessageInitShape<typeof DnsCacheConfigSchema> = {
  name: 'outside_hosts',
  dnsLookupFamily: Cluster_DnsLookupFamily.V4_PREFERRED,
  // A workload may call this many outside hosts within the time that unused ones are kept.
  maxHosts: 1024,
  hostTtl: durationFromMs(300_000),
};

/** Looks a request's host up, where the request goes to the pass-through cluster; others go by it untouched. */
export function forwardProxyFilter(): HttpFilter {
  return httpFilter({
    name: 'envoy.filters.http.dynamic_forward_proxy',
    schema: FilterConfigSchema,
    config: { implementationSpecifier: { case: 'dnsCacheConfig', value: DNS_CACHE } },
  });
}

/** Hosts that no object names (Istio's name): found by the request's own host, and called as they are. */
export function forwardProxyCluster(name: string): Built<Cluster> {
  const message = create(ClusterSchema, {
    name,
    connectTimeout: durationFromMs(10_000),
    lbPolicy: Cluster_LbPolicy.CLUSTER_PROVIDED,
    clusterDiscoveryType: {
      case: 'clusterType',
      value: {
        name: 'envoy.clusters.dynamic_forward_proxy',
        typedConfig: pack(ClusterConfigSchema, {
          clusterImplementationSpecifier: { case: 'dnsCacheConfig', value: DNS_CACHE },
          // No TLS of this cluster's own, so no names to check: it speaks plain HTTP, or carries the caller's TLS.
          allowInsecureClusterOptions: true,
        }),
      },
    },
    circuitBreakers: { thresholds: [circuitBreakers(undefined)] },
    typedExtensionProtocolOptions: httpProtocolOptions({ kind: 'http1' }),
  });
  return { message, origins: [] };
}

/** May the client call hosts that no object names? Its Sidecar object says so before the mesh does (Istio). Tracked. */
export function allowsOutside(mesh: MeshView, client: ClientScope): boolean {
  if (client.kind === 'gateway') return false;
  return (
    (mesh.policies.sidecar(client)?.spec.outboundTrafficPolicy?.mode ?? mesh.config.outboundTrafficPolicy) !==
    'REGISTRY_ONLY'
  );
}

/** Is HTTP to hosts outside sent to what their names stand for? Tracked. */
export function resolvesOutside(mesh: MeshView, client: ClientScope): boolean {
  const own = mesh.policies.sidecar(client)?.spec.outboundTrafficPolicy?.mode;
  return own === undefined && mesh.config.outboundTrafficPolicy === 'ALLOW_ANY_DYNAMIC_DNS';
}

/** Top-level domains that no name outside has (RFC 6761, RFC 6762, RFC 9476). */
const NEVER_OUTSIDE: ReadonlySet<string> = new Set(['alt', 'example', 'invalid', 'local', 'localhost', 'svc', 'test']);

/** All others are letters only, or in Punycode (RFC 1123, section 2.1): `cluster3` and `us-west` are none. */
const TOP_LEVEL = /^(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})$/;

/** Does a name that nobody in the mesh has look like one of a host outside, and not like a mistyped one of the mesh? Tracked. */
export function looksOutside(mesh: MeshView, host: Hostname): boolean {
  if (isIpAddress(host)) return true;
  const labels = host.split('.');
  const last = labels.at(-1) ?? '';
  if (labels.length < 2 || !labels.every((label) => /^[a-z0-9_-]{1,63}$/.test(label))) return false;
  if (!TOP_LEVEL.test(last) || NEVER_OUTSIDE.has(last) || mesh.members().includes(last)) return false;
  return !mesh.hasNamespace(last);
}
