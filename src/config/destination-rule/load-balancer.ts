/** How endpoints are chosen: `simple` or `consistentHash`. */
export interface LoadBalancerSettings {
  /** Not given: LEAST_REQUEST. */
  readonly simple?: 'UNSPECIFIED' | 'LEAST_CONN' | 'RANDOM' | 'PASSTHROUGH' | 'ROUND_ROBIN' | 'LEAST_REQUEST';
  readonly consistentHash?: ConsistentHash;
  readonly localityLbSetting?: LocalityLbSetting;
  readonly zoneAwareLbSetting?: {
    readonly enabled?: boolean;
    readonly failover?: readonly LocalityFailover[];
    readonly failoverPriority?: readonly string[];
    readonly minClusterSize?: number;
  };
  readonly warmup?: {
    /** Duration over which a new endpoint gets its full share. */
    readonly duration: string;
    /** 0 to 100. Not given: 10. */
    readonly minimumPercent?: number;
    /** From 1. Not given: 1, linear. */
    readonly aggression?: number;
  };
  /** Deprecated for warmup. Duration. */
  readonly warmupDurationSecs?: string;
}

/** One of the four things to hash, and at most one of the two tables. */
export interface ConsistentHash {
  readonly httpHeaderName?: string;
  readonly httpCookie?: {
    readonly name: string;
    readonly path?: string;
    /** Duration; `0s` makes a session cookie. */
    readonly ttl?: string;
    readonly attributes?: readonly { readonly name: string; readonly value?: string }[];
  };
  readonly useSourceIp?: boolean;
  readonly httpQueryParameterName?: string;
  readonly ringHash?: { readonly minimumRingSize?: number };
  readonly maglev?: { readonly tableSize?: number };
  /** Deprecated for ringHash. */
  readonly minimumRingSize?: number;
}

export interface LocalityFailover {
  readonly from?: string;
  readonly to?: string;
}

/** At most one of distribute, failover and failoverPriority (the last two may go together). */
export interface LocalityLbSetting {
  /** Shares in percent by locality (`region/zone/*`), for clients in `from`. */
  readonly distribute?: readonly { readonly from?: string; readonly to?: Readonly<Record<string, number>> }[];
  /** Where a region's traffic goes when it has no healthy endpoints. */
  readonly failover?: readonly LocalityFailover[];
  /** Labels in order of importance: the more of them an endpoint shares with the client, the earlier it is used. */
  readonly failoverPriority?: readonly string[];
  /** Not given: true where outlier detection is on. */
  readonly enabled?: boolean;
}
