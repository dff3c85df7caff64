import type { Labels, WorkloadSelector } from '../selection/type.ts';
import type { LoadBalancerSettings } from './load-balancer.ts';

/** What holds after routing for a host: load balancing, pools, TLS, subsets (Istio: networking.istio.io/v1). */
export interface DestinationRuleSpec {
  /** A host of the mesh; short names are completed with the object's namespace. */
  readonly host: string;
  readonly trafficPolicy?: TrafficPolicy;
  readonly subsets?: readonly Subset[];
  /** Namespaces that see it: `.`, `*` or names. Not given: all. */
  readonly exportTo?: readonly string[];
  /** Only clients with these labels in the object's own namespace follow it. */
  readonly workloadSelector?: WorkloadSelector;
}

/** A named part of a host's endpoints. */
export interface Subset {
  readonly name: string;
  readonly labels?: Labels;
  /** What is given here replaces the host's setting of that name. */
  readonly trafficPolicy?: TrafficPolicy;
}

/** The settings that can also be given for a single port. */
export interface PortTrafficPolicy {
  readonly loadBalancer?: LoadBalancerSettings;
  readonly connectionPool?: ConnectionPoolSettings;
  readonly outlierDetection?: OutlierDetection;
  readonly tls?: ClientTlsSettings;
}

export interface TrafficPolicy extends PortTrafficPolicy {
  /** Settings of a port replace those of the host as a whole; they do not inherit. */
  readonly portLevelSettings?: readonly (PortTrafficPolicy & { readonly port?: { readonly number?: number } })[];
  readonly tunnel?: { readonly protocol?: string; readonly targetHost: string; readonly targetPort: number };
  readonly proxyProtocol?: { readonly version?: 'V1' | 'V2' };
  readonly retryBudget?: {
    /** 0 to 100 of the active requests. */
    readonly percent?: number;
    readonly minRetryConcurrency?: number;
    /** Duration. */
    readonly budgetInterval?: string;
  };
}

/** Zero and not given: no limit. */
export interface ConnectionPoolSettings {
  readonly tcp?: {
    readonly maxConnections?: number;
    /** Duration. Not given: 10s. */
    readonly connectTimeout?: string;
    readonly tcpKeepalive?: { readonly probes?: number; readonly time?: string; readonly interval?: string };
    readonly maxConnectionDuration?: string;
    /** Duration; `0s` switches it off. Not given: 1h. */
    readonly idleTimeout?: string;
  };
  readonly http?: {
    readonly http1MaxPendingRequests?: number;
    readonly http2MaxRequests?: number;
    readonly maxRequestsPerConnection?: number;
    readonly maxRetries?: number;
    readonly idleTimeout?: string;
    readonly h2UpgradePolicy?: 'DEFAULT' | 'DO_NOT_UPGRADE' | 'UPGRADE';
    readonly useClientProtocol?: boolean;
    readonly maxConcurrentStreams?: number;
    readonly http2KeepAlive?: { readonly interval?: string; readonly timeout?: string };
  };
}

/** When an endpoint is taken out of load balancing, and for how long. */
export interface OutlierDetection {
  readonly splitExternalLocalOriginErrors?: boolean;
  readonly consecutiveLocalOriginFailures?: number;
  /** Zero switches it off. */
  readonly consecutiveGatewayErrors?: number;
  /** Zero switches it off. Not given: 5. */
  readonly consecutive5xxErrors?: number;
  /** Deprecated for the two above. */
  readonly consecutiveErrors?: number;
  /** Duration. Not given: 10s. */
  readonly interval?: string;
  /** Duration; grows with each ejection. Not given: 30s. */
  readonly baseEjectionTime?: string;
  /** 0 to 100. Not given: 10. */
  readonly maxEjectionPercent?: number;
  /** 0 to 100; below this share of healthy endpoints all are used. Not given: 0. */
  readonly minHealthPercent?: number;
  readonly outlierDetectionHttpErrorCodes?: readonly number[];
}

/** How a client speaks TLS to the endpoints. */
export interface ClientTlsSettings {
  /** ISTIO_MUTUAL: with the mesh's own certificates. Not given: DISABLE. */
  readonly mode?: 'DISABLE' | 'SIMPLE' | 'MUTUAL' | 'ISTIO_MUTUAL';
  /** Paths of files in the proxy's own file system. */
  readonly clientCertificate?: string;
  readonly privateKey?: string;
  readonly caCertificates?: string;
  readonly caCrl?: string;
  /** A Secret that holds them instead. */
  readonly credentialName?: string;
  readonly subjectAltNames?: readonly string[];
  readonly sni?: string;
  readonly insecureSkipVerify?: boolean;
}
