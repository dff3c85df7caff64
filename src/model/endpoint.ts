import type { ClusterId, NetworkId } from './ids.ts';
import type { Locality } from './locality.ts';

/** One address that serves one port of a service. */
export interface Endpoint {
  readonly cluster: ClusterId;
  readonly network: NetworkId | '';
  readonly namespace: string;
  /** The pod's name; empty for an address that is no pod's. */
  readonly workload: string;
  /** IP, or a DNS name where the service's resolution is dns. */
  readonly address: string;
  /** The port at that address: the real one that is to be dialled. */
  readonly port: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly locality: Locality;
  /** SPIFFE ID of the workload; empty where it has none. */
  readonly identity: string;
  /** Does a mesh proxy stand before it, so that mTLS can be spoken? */
  readonly mtls: boolean;
  /**
   * draining: takes no new connections but answers those it has (EndpointSlice serving and terminating). degraded: used
   * where there are not enough healthy ones, because its cluster has not been heard of for a while. unhealthy: not used, because
   * that has been so for long. The last two say nothing to clients in the same cluster, who see for themselves who is there.
   */
  readonly health: 'healthy' | 'degraded' | 'unhealthy' | 'draining';
  /** Relative weight; 1 unless set. */
  readonly weight: number;
}
