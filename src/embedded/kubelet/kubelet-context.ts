import type { SocketAddress } from '../../model/index.ts';
import type { ProxyRuntime } from '../../proxies/index.ts';
import type { TokenSubject } from '../../security/index.ts';
import type { ClusterConfig, ImageCommand } from '../config/fleet-config.ts';
import type { PodNetwork } from '../network/pod-network.ts';
import type { ProcessGroup } from '../process/index.ts';
import type { StatePaths } from '../state-folder.ts';
import type { ClusterStore } from '../store/cluster-store.ts';
import type { ControlPlaneAccess } from './proxy-worker.ts';
import type { StartGate } from './start-gate.ts';

/** What a cluster's kubelet works with. */
export interface KubeletContext {
  readonly cluster: ClusterConfig;
  readonly store: ClusterStore;
  readonly network: PodNetwork;
  readonly processes: ProcessGroup;
  readonly gate: StartGate;
  readonly paths: StatePaths;
  /** Where local commands run: the fleet's folder. */
  readonly workingDir: string;
  readonly images: readonly ImageCommand[];
  /** The environment that the fleet was started in. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The built-in echo server's program. */
  readonly echoMain: string;
  /** Not given where no Envoy was found: then pods of the mesh wait. */
  readonly proxies?: ProxyRuntime;
  /** Not given where no control plane serves: then pods of the mesh wait. */
  readonly access?: ControlPlaneAccess;
  /** The cluster's own control plane, which runs in this process. */
  readonly hosted?: { readonly address: SocketAddress; readonly logFile: string };
  readonly issueToken: (subject: TokenSubject) => Promise<string>;
  /** Resolves when every proxy of the mesh has taken what is in the stores now, or at the deadline. */
  readonly settled: (deadlineMs: number) => Promise<void>;
  readonly now: () => number;
}
