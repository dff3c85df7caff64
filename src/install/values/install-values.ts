import type { Plain } from '../plain.ts';
import type { Profile } from './profiles.ts';

/** Everything that decides what is installed, merged and checked. */
export interface InstallValues {
  readonly profile: Profile;
  /** Where the control plane lives: `istio-system`. */
  readonly namespace: string;
  /** Empty for the one without a name. */
  readonly revision: string;
  /** The cluster's name in the mesh: one DNS label. */
  readonly cluster: string;
  readonly network: string;
  /** `docker.io/pelagos/pelagos:0.1.0`, the image of control plane, gateways and sidecars alike. */
  readonly images: { readonly pilot: string; readonly proxy: string };
  readonly role: ClusterRole;
  readonly hasBase: boolean;
  readonly hasPilot: boolean;
  /** In the order in which they are installed; only those that are enabled. */
  readonly gateways: readonly GatewayValues[];
  /** The component's own settings (IstioOperator `components.pilot.k8s`). */
  readonly pilotK8s: Plain;
  readonly meshConfig: Plain;
  /** Helm's values, merged: what the ConfigMap `istio-sidecar-injector` carries. */
  readonly values: Plain;
}

export type ClusterRole =
  | { readonly kind: 'primary' }
  /** Served by the control plane of another cluster. */
  | { readonly kind: 'remote'; readonly pilot: PilotAddress };

/** Where the primary's control plane is. */
export type PilotAddress =
  | { readonly kind: 'address'; readonly address: string }
  /** A variable that the environment has not: who installs looks for the primary. */
  | { readonly kind: 'variable'; readonly name: string };

export interface GatewayValues {
  readonly kind: 'ingress' | 'east-west' | 'egress';
  readonly name: string;
  /** Of its pods; the selector of Gateways that use it. */
  readonly labels: Readonly<Record<string, string>>;
  /** Undefined where the number of pods is fixed. */
  readonly autoscale: { readonly min: number; readonly max: number; readonly cpuPercent: number } | undefined;
  /** Undefined where an autoscaler decides. */
  readonly replicas: number | undefined;
  /** Of the Service: type, ports, loadBalancerIP, ... */
  readonly service: Plain;
  readonly k8s: Plain;
}

/** The revision as a suffix of names: `-canary`, or nothing. */
export function revisionSuffix({ revision }: Pick<InstallValues, 'revision'>): string {
  return revision === '' ? '' : `-${revision}`;
}

/** The revision as a label: the one without a name is `default`. */
export function revisionLabel({ revision }: Pick<InstallValues, 'revision'>): string {
  return revision === '' ? 'default' : revision;
}
