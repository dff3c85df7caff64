import { TYPE_URL } from '../../envoy/index.ts';
import { addressCluster } from '../clusters/by-address.ts';
import { allowsOutside, forwardProxyCluster, resolvesOutside } from '../clusters/forward-proxy.ts';
import { inboundPassthroughCluster, inletCluster, outsideCluster } from '../clusters/local.ts';
import { inletsOf } from '../listeners/inlets.ts';
import { outboundAddresses, outboundAddressListener } from '../listeners/outbound-address.ts';
import { listenedPorts, outboundPortListener, outboundPortRoutes, outboundPorts } from '../listeners/outbound-port.ts';
import { virtualInbound } from '../listeners/virtual-inbound.ts';
import { virtualOutbound } from '../listeners/virtual-outbound.ts';
import {
  BLACK_HOLE_CLUSTER,
  DYNAMIC_DNS_CLUSTER,
  INBOUND_PASSTHROUGH_CLUSTER,
  outboundPortName,
  PASSTHROUGH_CLUSTER,
  parseOutboundPortName,
  parsePortRoutes,
  VIRTUAL_INBOUND,
  VIRTUAL_OUTBOUND,
} from '../names.ts';
import type { Role } from './role.ts';

/** A sidecar that the kernel redirects a workload's connections to: what is called comes on demand, on any port. */
export const REDIRECT_SIDECAR: Role = {
  listeners: (mesh, { client }) => [
    VIRTUAL_OUTBOUND,
    VIRTUAL_INBOUND,
    ...listenedPorts(mesh, client).map(outboundPortName),
    ...outboundAddresses(mesh, client).keys(),
  ],
  listener(mesh, proxy, name) {
    const { interception } = proxy;
    if (interception.kind !== 'redirect') return undefined;
    if (name === VIRTUAL_OUTBOUND) return virtualOutbound(mesh, proxy, interception.outboundPort);
    if (name === VIRTUAL_INBOUND) return virtualInbound(mesh, proxy, interception);
    const port = parseOutboundPortName(name);
    return port === undefined
      ? outboundAddressListener(mesh, proxy.client, name)
      : outboundPortListener(mesh, proxy.client, port);
  },
  clusters(mesh, proxy) {
    const outside = allowsOutside(mesh, proxy.client) ? [PASSTHROUGH_CLUSTER] : [];
    const byName = resolvesOutside(mesh, proxy.client) ? [DYNAMIC_DNS_CLUSTER] : [];
    const inlets = inletsOf(mesh, proxy).ports.map(({ cluster }) => cluster);
    return [...new Set([BLACK_HOLE_CLUSTER, INBOUND_PASSTHROUGH_CLUSTER, ...outside, ...byName, ...inlets])];
  },
  cluster(mesh, proxy, name) {
    if (name === INBOUND_PASSTHROUGH_CLUSTER) return inboundPassthroughCluster();
    if (name === PASSTHROUGH_CLUSTER) return allowsOutside(mesh, proxy.client) ? outsideCluster() : undefined;
    if (name === DYNAMIC_DNS_CLUSTER) {
      return resolvesOutside(mesh, proxy.client) ? forwardProxyCluster(name) : undefined;
    }
    if (!name.startsWith('inbound|')) return addressCluster(mesh, proxy.client, name);
    const inlet = inletsOf(mesh, proxy).ports.find(({ cluster }) => cluster === name);
    return inlet && inletCluster(inlet);
  },
  routes(mesh, _proxy, name) {
    const port = parsePortRoutes(name);
    return port === undefined ? undefined : outboundPortRoutes(mesh, port);
  },
  onDemandRoutes: (mesh) => outboundPorts(mesh).map(String),
  isShared: (type, name) =>
    type === TYPE_URL.RDS || (type === TYPE_URL.LDS && name !== VIRTUAL_OUTBOUND && name !== VIRTUAL_INBOUND),
};
