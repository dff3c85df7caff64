import type { Cluster } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import type { ClusterLoadAssignment } from '../envoy/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import type { Listener } from '../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import type { VirtualHost } from '../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import type { RouteConfiguration } from '../envoy/gen/envoy/config/route/v3/route_pb.ts';
import { TYPE_URL } from '../envoy/index.ts';

export const LISTENER: typeof TYPE_URL.LDS = TYPE_URL.LDS;
export const ROUTE_CONFIGURATION: typeof TYPE_URL.RDS = TYPE_URL.RDS;
export const VIRTUAL_HOST: typeof TYPE_URL.VHDS = TYPE_URL.VHDS;
export const CLUSTER: typeof TYPE_URL.CDS = TYPE_URL.CDS;
export const ENDPOINTS: typeof TYPE_URL.EDS = TYPE_URL.EDS;

/** The resources that a walk asks for, by their xDS type URL. */
export interface ResourceMessages {
  readonly 'type.googleapis.com/envoy.config.listener.v3.Listener': Listener;
  readonly 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration': RouteConfiguration;
  /** Named `<route configuration>/<host>`, as VHDS asks for it. */
  readonly 'type.googleapis.com/envoy.config.route.v3.VirtualHost': VirtualHost;
  readonly 'type.googleapis.com/envoy.config.cluster.v3.Cluster': Cluster;
  readonly 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment': ClusterLoadAssignment;
}

/** What one proxy holds or would be given when it asks: decoded messages, as they are on the wire. */
export interface ResourceLookup {
  listeners(): Iterable<Listener>;
  /** @returns undefined where the control plane has no such resource for this proxy. */
  get<Type extends keyof ResourceMessages>(type: Type, name: string): ResourceMessages[Type] | undefined;
  /** Does the proxy get this cluster unasked (a wildcard subscription)? Others only by on-demand discovery. */
  isPushed(cluster: string): boolean;
}

/** Which resource a step went through; its origins are looked up by these two. */
export interface ResourceName {
  readonly type: keyof ResourceMessages;
  readonly name: string;
}
