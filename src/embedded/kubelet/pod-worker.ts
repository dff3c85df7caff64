import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Diagnostic } from '../../diagnostics/index.ts';
import type { SocketAddress } from '../../model/index.ts';
import type { PodView } from '../controllers/pod-view.ts';
import type { PodAccess } from '../fleet-api.ts';
import type { PodSockets } from '../network/pod-network.ts';
import { AppWorker } from './app-worker.ts';
import type { ContainerState } from './container-state.ts';
import type { KubeletContext } from './kubelet-context.ts';
import { graceOf, podEnvironment, podLogFolder, programsOf } from './pod-programs.ts';
import { proxyOfPod } from './pod-proxy.ts';
import { isPodReady, type PodReport, phaseOf, podStatusOf } from './pod-report.ts';
import type { PodRunner } from './pod-runner.ts';
import type { ProxyWorker } from './proxy-worker.ts';

/** Clients are given this long to hear that a pod is going, whatever its own grace. */
const SETTLE_MS = 5_000;
/** A start keeps its place at the gate until it is ready, but no longer than this. */
const GATE_MS = 5_000;

const HAS_ENDED: ReadonlySet<ContainerState['phase']> = new Set(['crashed', 'succeeded', 'failed']);

/** Runs one pod: its sockets, its applications, its Envoy, from the first start to the last stop. */
export class PodWorker implements PodRunner {
  readonly uid: string;
  readonly #context: KubeletContext;
  readonly #changed: () => void;
  #pod: PodView;
  #sockets: PodSockets | undefined;
  #apps: readonly AppWorker[] = [];
  #proxy: ProxyWorker | undefined;
  #obstacle = '';
  #phase: 'new' | 'starting' | 'started' | 'ending' | 'ended' = 'new';
  #startWaiters: (() => void)[] = [];
  readonly #startedAtMs: number;

  constructor(pod: PodView, context: KubeletContext, changed: () => void) {
    this.uid = pod.uid;
    this.#pod = pod;
    this.#context = context;
    this.#changed = changed;
    this.#startedAtMs = context.now();
  }

  get bound(): ReadonlyMap<number, SocketAddress> | undefined {
    return this.#sockets?.bound;
  }

  get isEnding(): boolean {
    return this.#phase === 'ending' || this.#phase === 'ended';
  }

  get report(): PodReport {
    const containers: readonly ContainerState[] = [
      ...this.#apps.map(({ state }) => state),
      ...(this.#proxy ? [this.#proxy.state] : []),
    ];
    return {
      address: this.#sockets?.address ?? '',
      containers: containers.length > 0 ? containers : this.#planned(),
      obstacle: this.#obstacle,
      startedAtMs: this.#startedAtMs,
    };
  }

  get diagnostics(): readonly Diagnostic[] {
    if (this.isEnding) return [];
    const object = this.#pod.raw.ref;
    return [...this.#apps, ...(this.#proxy ? [this.#proxy] : [])].flatMap(({ diagnostic }) =>
      diagnostic ? { ...diagnostic, object } : [],
    );
  }

  update(pod: PodView): void {
    this.#pod = pod;
    if (this.#phase === 'new') void this.#start();
    // A sidecar must not keep a job from being over.
    if (this.#proxy && this.#phase === 'started' && isOver(this.report)) void this.#proxy.stop();
  }

  access(): PodAccess {
    const logs = podLogFolder(this.#context, this.#pod);
    const names = this.#pod.spec.containers.map(({ name }, index) => (index === 0 ? 'app' : name));
    const apps = this.#pod.proxy === 'gateway' ? [] : names.map((name) => [name, join(logs, `${name}.log`)] as const);
    const proxy = this.#proxy ? [['istio-proxy', join(logs, 'istio-proxy.log')] as const] : [];
    return {
      pod: podStatusOf(this.#pod, this.report),
      env: this.#sockets ? podEnvironment(this.#pod, this.#sockets, this.#context) : {},
      workingDir: this.#context.workingDir,
      logs: Object.fromEntries([...apps, ...proxy]),
      ...(this.#proxy ? { adminSocket: this.#proxy.adminSocket } : {}),
    };
  }

  /**
   * Ends the pod without losing a request: clients hear of it first, then the Envoy lets what is in flight end, then the
   * application is stopped, then the Envoy. All within the pod's grace.
   */
  async end(): Promise<void> {
    if (this.isEnding) return;
    const wasServing = this.#phase === 'started' && isPodReady(this.report);
    this.#phase = 'ending';
    this.#letOthersStart();
    const deadline = Date.now() + graceOf(this.#pod);
    const left = (): number => Math.max(deadline - Date.now(), 0);
    if (wasServing) {
      await this.#context.settled(Math.min(SETTLE_MS, left()));
      await this.#proxy?.drain(left());
    }
    await Promise.all(this.#apps.map((app) => app.stop(left())));
    await this.#proxy?.stop();
    this.#sockets?.release();
    await rm(this.#folder, { recursive: true, force: true });
    this.#phase = 'ended';
  }

  get #folder(): string {
    return join(this.#context.paths.run, this.uid.slice(0, 8));
  }

  /** Before anything was started: what there will be. */
  #planned(): readonly ContainerState[] {
    const { proxy, spec } = this.#pod;
    const names = [
      ...(proxy === 'gateway' ? [] : spec.containers.map(({ name }) => name)),
      ...(proxy === 'none' ? [] : ['istio-proxy']),
    ];
    const reason = this.#obstacle || 'it waits for its start';
    return names.map((name) => ({ name, phase: 'waiting', isReady: false, restarts: 0, reason, startedAtMs: 0 }));
  }

  async #start(): Promise<void> {
    this.#phase = 'starting';
    try {
      const { network, cluster } = this.#context;
      const { proxy = 'none', ports } = this.#pod;
      this.#sockets ??= await network.openPod({ cluster: cluster.name, proxy, ports });
      if (this.isEnding) return this.#sockets.release();
      const programs = programsOf(this.#pod, this.#sockets, this.#context);
      if (programs.kind === 'missing') return this.#wait(programs.problem);
      const needed = proxyOfPod(this.#pod, { sockets: this.#sockets, folder: this.#folder, context: this.#context });
      if (typeof needed === 'string') return this.#wait(needed);
      this.#obstacle = '';
      this.#changed();
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await this.#context.gate.run(async () => {
        if (this.#phase !== 'starting') return;
        this.#phase = 'started';
        this.#apps = programs.apps.map((spec) => new AppWorker(spec, () => this.#told()));
        this.#proxy = needed?.(() => this.#told());
        for (const app of this.#apps) app.start(this.#context.processes);
        await this.#proxy?.start();
        await this.#readyWithin(GATE_MS);
      });
    } catch (error) {
      this.#wait(error instanceof Error ? error.message : String(error));
    }
  }

  /** It is tried again at the next change of the cluster. */
  #wait(obstacle: string): void {
    if (this.isEnding) return;
    this.#phase = this.#phase === 'started' ? 'started' : 'new';
    if (this.#obstacle === obstacle) return;
    this.#obstacle = obstacle;
    this.#changed();
  }

  #told(): void {
    const { report } = this;
    // What has ended will not be ready soon; the next pod may start meanwhile.
    if (isPodReady(report) || report.containers.some(({ phase }) => HAS_ENDED.has(phase))) this.#letOthersStart();
    this.#changed();
  }

  #letOthersStart(): void {
    for (const waiter of this.#startWaiters) waiter();
    this.#startWaiters = [];
  }

  async #readyWithin(timeoutMs: number): Promise<void> {
    if (isPodReady(this.report)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs).unref();
      this.#startWaiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

function isOver(report: PodReport): boolean {
  const phase = phaseOf(report);
  return phase === 'Succeeded' || phase === 'Failed';
}
