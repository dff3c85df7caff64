import type { Diagnostic } from '../../diagnostics/index.ts';
import type { SocketAddress } from '../../model/index.ts';
import type { PodView } from '../controllers/pod-view.ts';
import type { PodAccess } from '../fleet-api.ts';
import type { PodReport } from './pod-report.ts';

/** Whatever runs one pod, from its first start to its end. */
export interface PodRunner {
  /** Of the pod. */
  readonly uid: string;
  readonly report: PodReport;
  readonly diagnostics: readonly Diagnostic[];
  /** Is its end under way, or over? */
  readonly isEnding: boolean;
  /** Container port to real socket, as soon as they are known. */
  readonly bound: ReadonlyMap<number, SocketAddress> | undefined;
  /** Takes the pod as it is now; starts what could not be started before. */
  update(pod: PodView): void;
  access(): PodAccess;
  /** Resolves when nothing of the pod runs any more. */
  end(): Promise<void>;
}
