import type { ClusterId, Hostname } from './ids.ts';
import type { ObjectRef } from './object-ref.ts';

/** What a port speaks, by Istio's rules (appProtocol, then the port's name prefix). `auto` is to be sniffed. */
export type Protocol = 'http' | 'http2' | 'grpc' | 'tcp' | 'tls' | 'udp' | 'auto';

/** Is the traffic of this port routed as HTTP? */
export function isHttp(protocol: Protocol): boolean {
  return protocol === 'http' || protocol === 'http2' || protocol === 'grpc';
}

export interface ServicePort {
  readonly number: number;
  readonly name: string;
  readonly protocol: Protocol;
}

/** Where the endpoints of a service come from. */
export type Backing =
  /** EndpointSlices of a Kubernetes Service of one name and namespace, in these clusters; of one pod only if given. */
  | {
      readonly kind: 'kubernetes';
      readonly clusters: readonly ClusterId[];
      readonly namespace: string;
      readonly name: string;
      readonly pod?: string;
    }
  /** The endpoints or the workload selector of a ServiceEntry. */
  | { readonly kind: 'service-entry'; readonly entry: ObjectRef }
  /** Envoy resolves a DNS name. */
  | { readonly kind: 'dns'; readonly address: string };

/** How Envoy finds a service's endpoints: told by EDS, by DNS, or the request's own destination. */
export type Resolution = 'endpoints' | 'dns' | 'dns-round-robin' | 'original-destination';

/**
 * One host that clients can call, as one control plane sees it: merged over all member clusters.
 * Comes of Kubernetes Services (of one name and namespace in all clusters), of a ServiceEntry's host, or of a name
 * with a cluster in it (`service.cluster2`).
 */
export interface Service {
  readonly hostname: Hostname;
  /** All host names under which configuration may speak of this service, `hostname` first. */
  readonly spellings: readonly Hostname[];
  /** The namespace whose rules apply to it. */
  readonly namespace: string;
  readonly name: string;
  readonly ports: readonly ServicePort[];
  readonly resolution: Resolution;
  readonly backing: Backing;
  /** False for MESH_EXTERNAL: no mTLS, no identities. */
  readonly inMesh: boolean;
  /** Clients reach single pods by name. */
  readonly headless: boolean;
  /** SPIFFE IDs that may serve it, where the configuration names them (ServiceEntry subjectAltNames). */
  readonly subjectAltNames: readonly string[];
  /** Namespaces that may see it: `*`, or names. */
  readonly exportTo: readonly string[];
  readonly origins: readonly ObjectRef[];
}
