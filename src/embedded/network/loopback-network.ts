import type { ClusterId, GatewayBind, SocketAddress } from '../../model/index.ts';
import { AddressPool, SharedAddress } from './address-pool.ts';
import { ephemeralPorts, PortPool, serverPorts } from './free-port.ts';
import { takeLoopbackSlot } from './loopback-slot.ts';
import type { PodNetwork, PodSockets, PodSocketsRequest, ServiceSocketRequest } from './pod-network.ts';

/** Istio's port for outbound traffic; here the sidecar is an HTTP proxy on it. */
const HTTP_PROXY_PORT = 15_001;
/** Ports between the fleets' starting points in the range of application ports. */
const SLOT_STRIDE = 499;

/** Hands out sockets on addresses: own ones per pod, or one for all. */
export interface Addresses {
  service(request: ServiceSocketRequest): Promise<SocketAddress>;
  openPod(cluster: ClusterId): { readonly address: string; release(): void };
  /** A socket for this port of the pod, as near to that port as can be. */
  bind(address: string, port: number): Promise<SocketAddress>;
  unbind(socket: SocketAddress): void;
  close(): Promise<void>;
}

/**
 * The pods' network on the loopback interface: no privileges, no interception. On Linux each pod has an address of its
 * own; elsewhere only 127.0.0.1 is there, and each port becomes another one.
 */
export async function openLoopbackNetwork(platform: NodeJS.Platform = process.platform): Promise<PodNetwork> {
  const range = serverPorts(ephemeralPorts());
  if (platform === 'linux') {
    const slot = await takeLoopbackSlot();
    const apps = new PortPool('127.0.0.1', range, slot.slot * SLOT_STRIDE);
    return new LoopbackNetwork(new AddressPool(slot), apps);
  }
  const ports = new PortPool('127.0.0.1', range, process.pid * SLOT_STRIDE);
  return new LoopbackNetwork(new SharedAddress(ports), ports);
}

class LoopbackNetwork implements PodNetwork {
  readonly kind = 'loopback';
  readonly #addresses: Addresses;
  readonly #apps: PortPool;

  constructor(addresses: Addresses, apps: PortPool) {
    this.#addresses = addresses;
    this.#apps = apps;
  }

  serviceSocket(request: ServiceSocketRequest): Promise<SocketAddress> {
    return this.#addresses.service(request);
  }

  close(): Promise<void> {
    return this.#addresses.close();
  }

  async openPod(request: PodSocketsRequest): Promise<PodSockets> {
    const pod = this.#addresses.openPod(request.cluster);
    const taken: SocketAddress[] = [];
    const apps: SocketAddress[] = [];
    const release = (): void => {
      for (const socket of taken) this.#addresses.unbind(socket);
      for (const socket of apps) this.#apps.release(socket.port);
      pod.release();
    };
    const bind = async (port: number): Promise<SocketAddress> => {
      const socket = await this.#addresses.bind(pod.address, port);
      taken.push(socket);
      return socket;
    };
    try {
      const bound = new Map<number, SocketAddress>();
      for (const target of new Set(request.ports.map((port) => port.target))) bound.set(target, await bind(target));
      const app = new Map<number, SocketAddress>();
      for (const [port, socket] of request.proxy === 'gateway' ? [] : bound) {
        const own = request.proxy === 'sidecar' ? await this.#apps.take() : socket;
        if (own !== socket) apps.push(own);
        app.set(port, own);
      }
      const httpProxy = request.proxy === 'sidecar' ? await bind(HTTP_PROXY_PORT) : undefined;
      const gatewayBinds = request.proxy === 'gateway' ? bindsOf(request, bound) : [];
      return { address: pod.address, bound, app, ...(httpProxy ? { httpProxy } : {}), gatewayBinds, release };
    } catch (error) {
      release();
      throw error;
    }
  }
}

/** What Gateway objects may name: the ports of the gateway's Services, and the container's own. */
function bindsOf(request: PodSocketsRequest, bound: ReadonlyMap<number, SocketAddress>): readonly GatewayBind[] {
  const binds = new Map<number, SocketAddress>(bound);
  for (const { port, target } of request.ports) {
    const socket = bound.get(target);
    if (socket) binds.set(port, socket);
  }
  return [...binds].map(([port, bind]) => ({ port, bind })).sort((a, b) => a.port - b.port);
}
