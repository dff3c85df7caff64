import { formatInboundClusterName } from '../../envoy/index.ts';
import type { InboundPort, ProxyScope } from '../../model/index.ts';
import { allowsOutside, forwardProxyCluster } from '../clusters/forward-proxy.ts';
import { inboundCluster } from '../clusters/local.ts';
import { httpProxyListener, httpProxyRoutes } from '../listeners/http-proxy.ts';
import { inboundListener, inboundProtocol } from '../listeners/inbound.ts';
import { BLACK_HOLE_CLUSTER, HTTP_PROXY_ROUTES, listenerName, PASSTHROUGH_CLUSTER } from '../names.ts';
import type { Role } from './role.ts';

function inboundPorts({ interception }: ProxyScope): readonly InboundPort[] {
  return interception.kind === 'ports' ? interception.inbound : [];
}

/** A sidecar without interception: a listener per port, and an HTTP proxy for the workload's own calls. */
export const PORTS_SIDECAR: Role = {
  listeners(_mesh, { interception }) {
    if (interception.kind !== 'ports') return [];
    return [listenerName(interception.httpProxy), ...interception.inbound.map(({ bind }) => listenerName(bind))];
  },
  listener(mesh, proxy, name) {
    const { interception } = proxy;
    if (interception.kind !== 'ports') return undefined;
    if (name === listenerName(interception.httpProxy)) return httpProxyListener(mesh, proxy, interception.httpProxy);
    const inbound = interception.inbound.find(({ bind }) => listenerName(bind) === name);
    return inbound && inboundListener(mesh, proxy, inbound);
  },
  clusters(mesh, proxy) {
    const outside = allowsOutside(mesh, proxy.client) ? [PASSTHROUGH_CLUSTER] : [];
    return [BLACK_HOLE_CLUSTER, ...outside, ...inboundPorts(proxy).map(({ port }) => formatInboundClusterName(port))];
  },
  cluster(mesh, proxy, name) {
    if (name === PASSTHROUGH_CLUSTER) return allowsOutside(mesh, proxy.client) ? forwardProxyCluster(name) : undefined;
    const inbound = inboundPorts(proxy).find(({ port }) => name === formatInboundClusterName(port));
    return inbound && inboundCluster(inbound, inboundProtocol(mesh, proxy, inbound.port));
  },
  routes: (_mesh, _proxy, name) => (name === HTTP_PROXY_ROUTES ? httpProxyRoutes() : undefined),
  onDemandRoutes: () => [HTTP_PROXY_ROUTES],
  isShared: () => false,
};
