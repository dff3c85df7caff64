import type { ClusterId, NetworkId } from './ids.ts';
import type { Locality } from './locality.ts';

/** An address and port, of a real socket. */
export interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

/**
 * How traffic comes into a proxy.
 * `ports`: no interception (Istio's interceptionMode NONE): a listener per port, given here; outbound by `http_proxy`.
 * `redirect`: the kernel redirects to 15001 and 15006 and the original destination is kept.
 */
export type Interception =
  | {
      readonly kind: 'ports';
      /** Where the workload's own calls come in: an HTTP proxy with absolute-form requests and CONNECT. */
      readonly httpProxy: SocketAddress;
      readonly inbound: readonly InboundPort[];
    }
  | { readonly kind: 'redirect'; readonly inboundPort: number; readonly outboundPort: number };

/** One port of a workload behind a sidecar. */
export interface InboundPort {
  /** The container port that Services target and policies name. */
  readonly port: number;
  /** Where the sidecar listens for the mesh. */
  readonly bind: SocketAddress;
  /** Where the application listens. */
  readonly app: SocketAddress;
}

/** A listener's real socket where a gateway's port cannot be bound as it is (below 1024 without privileges). */
export interface GatewayBind {
  readonly port: number;
  readonly bind: SocketAddress;
}

/**
 * The part of a proxy that decides what its outbound side looks like. Equal scopes share every result,
 * so only what may change an answer belongs here.
 */
export interface ClientScope {
  readonly key: string;
  readonly cluster: ClusterId;
  readonly network: NetworkId | '';
  readonly locality: Locality;
  readonly namespace: string;
  readonly kind: 'sidecar' | 'gateway';
  /** How the workload's own calls come in decides what stands behind them. */
  readonly interception: Interception['kind'];
  readonly labels: Readonly<Record<string, string>>;
}

/** All that a translation may know of a proxy: its client side, and what is its workload's alone. */
export interface ProxyScope {
  readonly key: string;
  readonly client: ClientScope;
  readonly workload: string;
  readonly serviceAccount: string;
  readonly trustDomain: string;
  /** The workload's own address. */
  readonly address: string;
  /** All of them, `address` first: a pod may have one of IPv4 and one of IPv6. */
  readonly addresses: readonly string[];
  readonly interception: Interception;
  /** Gateways: real sockets for the ports that Gateway objects name. */
  readonly gatewayBinds: readonly GatewayBind[];
}
