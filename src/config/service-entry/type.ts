import type { LabelSelector } from '../selection/type.ts';
import type { WorkloadEntrySpec } from '../workload-entry/type.ts';

/** A service that no Kubernetes Service describes (Istio: networking.istio.io/v1 ServiceEntry). */
export interface ServiceEntrySpec {
  /** DNS names; a wildcard is a whole first label. `*.<cluster>` imports a member cluster's services. */
  readonly hosts: readonly string[];
  /** Virtual addresses or CIDR blocks. */
  readonly addresses?: readonly string[];
  readonly ports?: readonly ServiceEntryPort[];
  /** Default: MESH_EXTERNAL (no mTLS, no identities). */
  readonly location: 'MESH_EXTERNAL' | 'MESH_INTERNAL';
  /** How endpoints are found. Default: NONE (the address the client called). */
  readonly resolution: 'NONE' | 'STATIC' | 'DNS' | 'DNS_ROUND_ROBIN' | 'DYNAMIC_DNS';
  readonly endpoints?: readonly WorkloadEntrySpec[];
  /** Takes the endpoints from WorkloadEntries and Pods with these labels instead. */
  readonly workloadSelector?: LabelSelector;
  /** Namespaces that see it: `.`, `*`, `~` or names. Not given: all. */
  readonly exportTo?: readonly string[];
  /** SPIFFE IDs or names that the endpoints' certificates may have. */
  readonly subjectAltNames?: readonly string[];
}

export interface ServiceEntryPort {
  readonly number: number;
  readonly name: string;
  /** HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TCP, TLS, MONGO, MYSQL, REDIS, UDP in any case. Not given: found out. */
  readonly protocol?: string;
  /** Port of the endpoints. Not given: `number`. */
  readonly targetPort?: number;
}
