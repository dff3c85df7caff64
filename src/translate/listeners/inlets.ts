import { type IngressListener, isIpAddress, type ServerTlsSettings } from '../../config/index.ts';
import { formatInboundClusterName } from '../../envoy/index.ts';
import { type MeshView, type MtlsMode, protocolOfText } from '../../mesh/index.ts';
import type { ObjectRef, Protocol, ProxyScope, SocketAddress } from '../../model/index.ts';
import { INBOUND_PASSTHROUGH_CLUSTER } from '../names.ts';

/** A port of a redirected workload that has filter chains of its own. */
export interface Inlet {
  readonly port: number;
  readonly protocol: Protocol;
  readonly mode: MtlsMode;
  /** The Envoy cluster of the application. */
  readonly cluster: string;
  /** Where the application listens, if not at the pod's own address and this port. */
  readonly app?: SocketAddress | { readonly path: string };
  /** The only address that it is for; what comes for others of the pod passes through. */
  readonly bind?: string;
  /** TLS that a Sidecar object says, instead of the mesh's. */
  readonly tls?: ServerTlsSettings;
}

export interface Inlets {
  readonly ports: readonly Inlet[];
  /** For all other ports. */
  readonly mode: MtlsMode;
  readonly origins: readonly ObjectRef[];
}

/**
 * The ports of a workload: those of its Sidecar object's ingress if it has any, else those that Services lead to; and those
 * that a PeerAuthentication names (Istio). Sorted by number. Tracked.
 */
export function inletsOf(mesh: MeshView, proxy: ProxyScope): Inlets {
  const { client, workload } = proxy;
  const mtls = mesh.policies.mtls(client);
  const modeOf = (port: number): MtlsMode => mtls.byPort.get(port) ?? mtls.mode;
  const sidecar = mesh.policies.sidecar(client);
  const ingress = sidecar?.spec.ingress ?? [];
  const found = new Map<number, Inlet>();
  for (const port of mtls.byPort.keys()) {
    found.set(port, { port, protocol: 'auto', mode: modeOf(port), cluster: INBOUND_PASSTHROUGH_CLUSTER });
  }
  if (ingress.length > 0) {
    for (const listener of ingress) {
      const inlet = ofIngress(listener, modeOf(listener.port.number ?? 0));
      if (inlet) found.set(inlet.port, inlet);
    }
  } else {
    for (const [port, protocol] of mesh.workloads.servicePorts(client.cluster, client, workload)) {
      found.set(port, { port, protocol, mode: modeOf(port), cluster: formatInboundClusterName(port) });
    }
  }
  const origins = [...mtls.origins, ...(sidecar && ingress.length > 0 ? [sidecar.ref] : [])];
  return { ports: [...found.values()].sort((a, b) => a.port - b.port), mode: mtls.mode, origins };
}

function ofIngress(listener: IngressListener, mode: MtlsMode): Inlet | undefined {
  const { number: port, protocol = '' } = listener.port;
  if (!port) return undefined;
  const app = endpointOf(listener.defaultEndpoint ?? '');
  // TLS of its own holds only where the mesh asks for none (Istio: SidecarIngress tls).
  const tls = mode === 'DISABLE' && listener.tls ? { tls: listener.tls } : {};
  const spoken = protocolOfText(protocol);
  return {
    port,
    // What comes out of the TLS that ends here is what HTTPS is around.
    protocol: listener.tls && protocol.toUpperCase() === 'HTTPS' ? 'http' : spoken,
    mode,
    cluster: formatInboundClusterName(port),
    ...(app ? { app } : {}),
    ...(isOneAddress(listener.bind ?? '') ? { bind: listener.bind ?? '' } : {}),
    ...tls,
  };
}

/** `127.0.0.1:80`, `[::1]:80`, `unix:///path`; `0.0.0.0:80` is the pod's own address, and needs no mention. */
function endpointOf(text: string): Inlet['app'] {
  if (text.startsWith('unix://')) return { path: text.slice('unix://'.length) };
  const match = /^\[?([^\]]+)\]?:(\d{1,5})$/.exec(text);
  const [, address = '', port = ''] = match ?? [];
  if (!isOneAddress(address)) return undefined;
  return { address, port: Number(port) };
}

function isOneAddress(address: string): boolean {
  return isIpAddress(address) && address !== '0.0.0.0' && address !== '::';
}
