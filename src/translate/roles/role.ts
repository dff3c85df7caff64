import type { Cluster } from '../../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import type { Listener } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import type { RouteConfiguration } from '../../envoy/gen/envoy/config/route/v3/route_pb.ts';
import type { MeshView } from '../../mesh/index.ts';
import type { ProxyScope } from '../../model/index.ts';
import type { Built } from '../built.ts';

/** What a proxy is: the resources that only this kind of proxy has, by name. All of it tracked, all of it pure. */
export interface Role {
  /** Names of the listeners that it gets without asking. */
  listeners(mesh: MeshView, proxy: ProxyScope): readonly string[];
  listener(mesh: MeshView, proxy: ProxyScope, name: string): Built<Listener> | undefined;
  /** Names of the clusters that it gets without asking. */
  clusters(mesh: MeshView, proxy: ProxyScope): readonly string[];
  cluster(mesh: MeshView, proxy: ProxyScope, name: string): Built<Cluster> | undefined;
  routes(mesh: MeshView, proxy: ProxyScope, name: string): Built<RouteConfiguration> | undefined;
  /** Route configurations whose virtual hosts come on demand, as far as they must be answered before any is asked for. */
  onDemandRoutes(mesh: MeshView, proxy: ProxyScope): readonly string[];
  /** Is this resource the same for all proxies with an equal client side? */
  isShared(type: string, name: string): boolean;
}
