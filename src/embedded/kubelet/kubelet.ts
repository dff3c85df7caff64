import type { Diagnostic } from '../../diagnostics/index.ts';
import { SOCKETS_ANNOTATION } from '../controllers/annotations.ts';
import { formatSockets, type PodView } from '../controllers/pod-view.ts';
import type { PodAccess, PodStatus } from '../fleet-api.ts';
import type { KubeletContext } from './kubelet-context.ts';
import { formatPodStatus, podStatusOf } from './pod-report.ts';
import { PodWorker } from './pod-worker.ts';

/** Runs the pods of one cluster as processes and writes into the store how they are. */
export class Kubelet {
  readonly #context: KubeletContext;
  /** By the pod's uid. */
  readonly #workers = new Map<string, PodWorker>();
  readonly #removed: (pod: PodView) => void;
  #pods: readonly PodView[] = [];

  /** @param removed called when nothing of a pod is left. */
  constructor(context: KubeletContext, removed: (pod: PodView) => void) {
    this.#context = context;
    this.#removed = removed;
  }

  /** Brings the processes in line with the pods. */
  sync(pods: readonly PodView[]): void {
    this.#pods = pods;
    for (const pod of pods) {
      if (pod.proxy === undefined) continue;
      const worker = this.#workers.get(pod.uid);
      if (pod.isTerminating) void this.#end(pod, worker);
      else if (worker) worker.update(pod);
      else this.#begin(pod);
    }
  }

  statuses(): readonly PodStatus[] {
    return this.#pods.flatMap((pod) => {
      const worker = this.#workers.get(pod.uid);
      return worker ? [podStatusOf(pod, worker.report)] : [];
    });
  }

  /** What keeps ending, and why. */
  diagnostics(): readonly Diagnostic[] {
    return [...this.#workers.values()].flatMap((worker) => worker.diagnostics);
  }

  access(namespace: string, name: string): PodAccess | undefined {
    const pod = this.#pods.find((candidate) => candidate.namespace === namespace && candidate.name === name);
    return pod && this.#workers.get(pod.uid)?.access();
  }

  #begin(pod: PodView): void {
    const worker: PodWorker = new PodWorker(pod, this.#context, () => this.#report(pod, worker));
    this.#workers.set(pod.uid, worker);
    this.#report(pod, worker);
    worker.update(pod);
  }

  async #end(pod: PodView, worker: PodWorker | undefined): Promise<void> {
    if (worker?.isEnding) return;
    await worker?.end();
    this.#workers.delete(pod.uid);
    this.#removed(pod);
  }

  #report(pod: PodView, worker: PodWorker): void {
    const [stored] = this.#context.store.findStored(pod.raw.ref);
    // A StatefulSet's next pod has the name of the last one.
    if (stored?.uid !== worker.uid) return;
    const { sockets, report } = worker;
    const annotations = sockets ? { [SOCKETS_ANNOTATION]: formatSockets(sockets.bound) } : {};
    this.#context.store.patch(pod.raw, { status: formatPodStatus(report), annotations });
  }
}
