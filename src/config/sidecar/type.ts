import type { ConnectionPoolSettings } from '../destination-rule/type.ts';
import type { ServerTlsSettings } from '../gateway/server-tls.ts';
import type { LabelSelector } from '../selection/type.ts';
import type { Destination } from '../virtual-service/type.ts';

/** What the sidecars of some workloads accept and reach (Istio: networking.istio.io/v1 Sidecar). */
export interface SidecarSpec {
  /** Not given: all workloads of the namespace, in the root namespace of the whole mesh. */
  readonly workloadSelector?: LabelSelector;
  /** Not given: the ports of the workload's services. */
  readonly ingress?: readonly IngressListener[];
  /** Not given: everything the namespace may see. */
  readonly egress?: readonly EgressListener[];
  readonly outboundTrafficPolicy?: OutboundTrafficPolicy;
  readonly inboundConnectionPool?: ConnectionPoolSettings;
}

export interface SidecarPort {
  readonly number?: number;
  readonly protocol?: string;
  readonly name?: string;
  readonly targetPort?: number;
}

export type CaptureMode = 'DEFAULT' | 'IPTABLES' | 'NONE';

export interface IngressListener {
  readonly port: SidecarPort;
  readonly bind?: string;
  readonly captureMode?: CaptureMode;
  /** Where the application listens: `127.0.0.1:port`, `0.0.0.0:port`, `[::1]:port`, `[::]:port` or `unix:///path`. */
  readonly defaultEndpoint?: string;
  readonly tls?: ServerTlsSettings;
  readonly connectionPool?: ConnectionPoolSettings;
}

export interface EgressListener {
  /** Not given: the catch-all listener; only the last may leave it out. */
  readonly port?: SidecarPort;
  readonly bind?: string;
  readonly captureMode?: CaptureMode;
  /** `<namespace>/<dnsName>`; namespace `.` (own), `*` (any) or `~` (none). */
  readonly hosts: readonly string[];
}

export interface OutboundTrafficPolicy {
  /** May hosts be called that no object names? */
  readonly mode?: 'REGISTRY_ONLY' | 'ALLOW_ANY';
  readonly egressProxy?: Destination;
}
