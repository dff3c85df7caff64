import type { ClusterId, GatewayBind, SocketAddress } from '../../model/index.ts';

/** How pods reach each other on this machine. Decides every address and port; nobody else makes any up. */
export interface PodNetwork {
  readonly kind: 'loopback';
  /** A socket for something that is no pod: a control plane, the DNS server, a stand-in of a host outside. */
  serviceSocket(request: ServiceSocketRequest): Promise<SocketAddress>;
  /** The sockets of a new pod. @throws where there is no address or port left. */
  openPod(request: PodSocketsRequest): Promise<PodSockets>;
  /** Gives everything back. */
  close(): Promise<void>;
}

export interface ServiceSocketRequest {
  readonly role: 'control-plane' | 'dns' | 'outside';
  /** Tells sockets of one role apart; from 0. */
  readonly index: number;
  readonly port: number;
}

export type ProxyKind = 'sidecar' | 'gateway' | 'none';

export interface PodSocketsRequest {
  readonly cluster: ClusterId;
  readonly proxy: ProxyKind;
  readonly ports: readonly PodPort[];
}

/** A port of a pod. */
export interface PodPort {
  /** The container port; for gateways, the port that Gateway objects name. */
  readonly port: number;
  /** The container port behind it, where that is another one (a Service of a gateway: 80 to 8080). */
  readonly target: number;
}

/** Where a pod listens. */
export interface PodSockets {
  readonly address: string;
  /** Container port to the socket at which the mesh reaches it. */
  readonly bound: ReadonlyMap<number, SocketAddress>;
  /** Container port to the socket at which the application listens; the same as `bound` where there is no sidecar. */
  readonly app: ReadonlyMap<number, SocketAddress>;
  /** Where the application's own calls go in, where there is a sidecar. */
  readonly httpProxy?: SocketAddress;
  /** Gateways: real sockets of the ports that Gateway objects name. */
  readonly gatewayBinds: readonly GatewayBind[];
  /** Gives addresses and ports back; they are not used again soon. */
  release(): void;
}
