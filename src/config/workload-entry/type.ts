import type { Labels } from '../selection/type.ts';

/** One workload outside of Kubernetes, or one endpoint of a ServiceEntry (Istio: networking.istio.io/v1). */
export interface WorkloadEntrySpec {
  /** IP address, `unix:///path`, or a DNS name where the resolution is DNS. Empty only with a network. */
  readonly address?: string;
  /** Port numbers by the names of the service's ports. Not given: the service's own numbers. */
  readonly ports?: Readonly<Record<string, number>>;
  readonly labels?: Labels;
  /** The network it is in; reached through that network's gateways from others. */
  readonly network?: string;
  /** `region/zone/subzone`. */
  readonly locality?: string;
  /** Relative weight. Not given: 1. */
  readonly weight?: number;
  readonly serviceAccount?: string;
}
