import type { Diagnostic } from '../../diagnostics/index.ts';
import type { SocketAddress } from '../../model/index.ts';
import type { PodView } from '../controllers/pod-view.ts';
import type { PodAccess } from '../fleet-api.ts';
import type { KubeletContext } from './kubelet-context.ts';
import { type PodReport, podStatusOf } from './pod-report.ts';
import type { PodRunner } from './pod-runner.ts';

/** A part of the fleet's own process that shows as a pod: the control plane. There is nothing to start or stop. */
export class HostedPod implements PodRunner {
  readonly uid: string;
  readonly diagnostics: readonly Diagnostic[] = [];
  readonly #context: KubeletContext;
  readonly #startedAtMs: number;
  #pod: PodView;
  #isEnded = false;

  constructor(pod: PodView, context: KubeletContext) {
    this.uid = pod.uid;
    this.#pod = pod;
    this.#context = context;
    this.#startedAtMs = context.now();
  }

  get isEnding(): boolean {
    return this.#isEnded;
  }

  get bound(): ReadonlyMap<number, SocketAddress> | undefined {
    const socket = this.#context.hosted?.address;
    const [port] = this.#pod.ports;
    return socket && port ? new Map([[port.target, socket]]) : undefined;
  }

  get report(): PodReport {
    const { hosted } = this.#context;
    const [container] = this.#pod.spec.containers;
    const startedAtMs = this.#startedAtMs;
    return {
      address: hosted?.address.address ?? '',
      obstacle: hosted ? '' : 'this cluster has no control plane of its own',
      startedAtMs,
      containers: [
        {
          name: container?.name ?? 'discovery',
          phase: hosted ? 'running' : 'waiting',
          isReady: hosted !== undefined,
          restarts: 0,
          reason: '',
          startedAtMs,
        },
      ],
    };
  }

  update(pod: PodView): void {
    this.#pod = pod;
  }

  access(): PodAccess {
    const { hosted, workingDir } = this.#context;
    const name = this.#pod.spec.containers[0]?.name ?? 'discovery';
    return {
      pod: podStatusOf(this.#pod, this.report),
      env: {},
      workingDir,
      logs: hosted ? { [name]: hosted.logFile } : {},
    };
  }

  async end(): Promise<void> {
    this.#isEnded = true;
  }
}
