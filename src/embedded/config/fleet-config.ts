import type { ClusterId, MeshConfig, NetworkId } from '../../model/index.ts';

/** What `fleet.yaml` says, checked, with defaults filled in. */
export interface FleetConfig {
  readonly name: string;
  /** Absolute path of the folder. */
  readonly dir: string;
  readonly clusters: readonly ClusterConfig[];
  /** Local commands that stand for container images. */
  readonly images: readonly ImageCommand[];
  /** Stand-ins for hosts outside the mesh. */
  readonly outside: readonly OutsideHost[];
  readonly meshConfig: MeshConfig;
}

/** A member cluster. */
export interface ClusterConfig {
  readonly name: ClusterId;
  readonly region: string;
  readonly zone: string;
  /** Clusters of one network reach each other's pods directly. Default: a network of its own. */
  readonly network: NetworkId;
  /** Absolute path of the folder with its manifests. */
  readonly folder: string;
  /** Whose control plane serves its proxies: its own unless set. */
  readonly primary: ClusterId;
}

/** `argv` runs as it is; a shell command line is `['/bin/sh', '-c', line]`. */
export interface ImageCommand {
  readonly image: string;
  readonly argv: readonly string[];
}

/** A host outside the mesh that a process on this machine stands in for. */
export interface OutsideHost {
  readonly host: string;
  /** Not given: the built-in echo server. */
  readonly argv?: readonly string[];
  readonly ports: readonly OutsidePort[];
}

export interface OutsidePort {
  /** As the outside world has it: 80. */
  readonly port: number;
  readonly protocol: 'http' | 'tcp';
}
