import type { Diagnostic } from '../../diagnostics/index.ts';
import { HOSTED_ANNOTATION, SOCKETS_ANNOTATION } from '../controllers/annotations.ts';
import { formatSockets, type PodView } from '../controllers/pod-view.ts';
import type { PodAccess, PodStatus } from '../fleet-api.ts';
import { HostedPod } from './hosted-pod.ts';
import type { KubeletContext } from './kubelet-context.ts';
import { formatPodStatus, podStatusOf } from './pod-report.ts';
import type { PodRunner } from './pod-runner.ts';
import { PodWorker } from './pod-worker.ts';

/** Runs the pods of one cluster as processes and writes into the store how they are. */
export class Kubelet {
  readonly #context: KubeletContext;
  /** By the pod's uid. */
  readonly #runners = new Map<string, PodRunner>();
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
      const runner = this.#runners.get(pod.uid);
      if (pod.isTerminating) void this.#end(pod, runner);
      else if (runner) runner.update(pod);
      else this.#begin(pod);
    }
  }

  statuses(): readonly PodStatus[] {
    return this.#pods.flatMap((pod) => {
      const runner = this.#runners.get(pod.uid);
      return runner ? [podStatusOf(pod, runner.report)] : [];
    });
  }

  /** What keeps ending, and why. */
  diagnostics(): readonly Diagnostic[] {
    return [...this.#runners.values()].flatMap((runner) => runner.diagnostics);
  }

  access(namespace: string, name: string): PodAccess | undefined {
    const pod = this.#pods.find((candidate) => candidate.namespace === namespace && candidate.name === name);
    return pod && this.#runners.get(pod.uid)?.access();
  }

  #begin(pod: PodView): void {
    const isHosted = pod.annotations[HOSTED_ANNOTATION] === 'true';
    const runner: PodRunner = isHosted
      ? new HostedPod(pod, this.#context)
      : new PodWorker(pod, this.#context, () => this.#report(pod, runner));
    this.#runners.set(pod.uid, runner);
    runner.update(pod);
    this.#report(pod, runner);
  }

  async #end(pod: PodView, runner: PodRunner | undefined): Promise<void> {
    if (runner?.isEnding) return;
    await runner?.end();
    this.#runners.delete(pod.uid);
    this.#removed(pod);
  }

  #report(pod: PodView, runner: PodRunner): void {
    const [stored] = this.#context.store.findStored(pod.raw.ref);
    // A StatefulSet's next pod has the name of the last one.
    if (stored?.uid !== runner.uid) return;
    const { bound, report } = runner;
    const annotations = bound ? { [SOCKETS_ANNOTATION]: formatSockets(bound) } : {};
    this.#context.store.patch(pod.raw, { status: formatPodStatus(report), annotations });
  }
}
