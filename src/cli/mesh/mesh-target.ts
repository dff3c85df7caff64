import type { ProxyStatus } from '../../embedded/fleet-api.ts';
import type { AdminClient } from '../../proxies/index.ts';

/** A connected proxy, and which control plane says so. */
export interface MeshProxy extends ProxyStatus {
  /** `istiod-5d8f-x2k` on Kubernetes, `istiod.cluster1` in a fleet. */
  readonly istiod: string;
}

/** A proxy whose Envoy can be asked. */
export interface ReachedProxy {
  readonly pod: string;
  readonly namespace: string;
  readonly admin: AdminClient;
}

/** What a command speaks to: a fleet on this machine, or a Kubernetes cluster. Methods reject with {@link CliError}. */
export interface MeshTarget {
  readonly kind: 'fleet' | 'kubernetes';
  /** All proxies that are connected to its control planes, or those that `wanted` means. */
  proxies(wanted?: string): Promise<readonly MeshProxy[]>;
  /** The Envoy of the pod that a text means: `deployment/NAME`, `POD.NAMESPACE`. */
  reach(wanted: string): Promise<ReachedProxy>;
}
