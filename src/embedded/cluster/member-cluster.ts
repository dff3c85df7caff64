import { isDeepStrictEqual } from 'node:util';
import type { ConfigObjectOf } from '../../config/index.ts';
import type { Diagnostic } from '../../diagnostics/index.ts';
import type { ObjectRef, RawObject } from '../../model/index.ts';
import { type ConfigSource, FileSource, type SourceBatch } from '../../sources/index.ts';
import { type BuiltInChoice, builtInObjects } from '../builtin/built-in-objects.ts';
import type { ClusterConfig } from '../config/fleet-config.ts';
import { ownFolderName } from '../config/folder-name.ts';
import { reconcileEndpointSlices } from '../controllers/endpoint-slice-controller.ts';
import { type PodView, podViewOf } from '../controllers/pod-view.ts';
import { ensureStandingObjects, makeNode } from '../controllers/standing-objects.ts';
import { WorkloadController } from '../controllers/workload-controller.ts';
import { isWorkloadComplete, WORKLOAD_KINDS, type WorkloadKind } from '../controllers/workload-status.ts';
import type { PodAccess, PodStatus } from '../fleet-api.ts';
import { Kubelet } from '../kubelet/kubelet.ts';
import type { KubeletContext } from '../kubelet/kubelet-context.ts';
import { ClusterStore, type SetResult } from '../store/cluster-store.ts';
import { type StoreAction, type StoredObject, storeKeyOf } from '../store/stored-object.ts';
import { unreadRules } from './unread-rules.ts';

/** Milliseconds since the epoch. */
export interface FleetClock {
  readonly now: () => number;
  readonly startedAtMs: number;
}

/** Between two rounds of the controllers there is a rest of so many times what the last one took. */
const REST_FACTOR = 2;

/** One cluster on this machine: its objects, its controllers, its pods. */
export class MemberCluster {
  readonly config: ClusterConfig;
  readonly store: ClusterStore;
  readonly #now: () => number;
  readonly #files: ConfigSource;
  readonly #fileDiagnostics = new Map<string, readonly Diagnostic[]>();
  readonly #controller: WorkloadController;
  /** Pods that are to come back under the name of one that is still ending. */
  readonly #returning = new Map<string, RawObject>();
  #kubelet: Kubelet | undefined;
  #isLoading = true;
  #reconcileTimer: NodeJS.Timeout | undefined;
  /** How long the last one took. */
  #reconcileMs = 0;
  #stopWatching: (() => void) | undefined;

  constructor(config: ClusterConfig, clock: FleetClock) {
    this.config = config;
    // All that is there at the start is of one age, so that who wins a conflict does not depend on the speed of reading.
    this.#now = () => (this.#isLoading ? clock.startedAtMs : clock.now());
    this.store = new ClusterStore(config.name, this.#now);
    this.#controller = new WorkloadController(this.store, this.#now);
    this.#files = new FileSource({ cluster: config.name, folders: [ownFolderName(config.folder)] });
  }

  /** Fills the store: what is built in, then the cluster's folder, which is followed from then on. */
  async load(choice: BuiltInChoice): Promise<void> {
    makeNode(this.store, this.config);
    for (const raw of await builtInObjects(this.config, choice)) this.store.setBuiltIn(raw);
    await this.#files.start({ apply: (batch) => this.#takeFiles(batch) });
    ensureStandingObjects(this.store);
    this.#isLoading = false;
  }

  /** Starts the pods, and goes on doing what the objects say. */
  run(context: Omit<KubeletContext, 'cluster' | 'store'>): void {
    this.#kubelet = new Kubelet({ ...context, cluster: this.config, store: this.store }, (pod) => this.#removed(pod));
    this.#stopWatching = this.store.onChange(() => this.#reconcileSoon());
    this.#reconcile();
  }

  /** Follows nothing any more. The processes are stopped by who owns them. */
  async stop(): Promise<void> {
    this.#stopWatching?.();
    this.#stopWatching = undefined;
    clearTimeout(this.#reconcileTimer);
    await this.#files.stop();
  }

  get diagnostics(): readonly Diagnostic[] {
    const ofPods = this.#kubelet?.diagnostics() ?? [];
    const unread = unreadRules(this.store, this.config);
    return [...[...this.#fileDiagnostics.values()].flat(), ...this.store.diagnostics, ...unread, ...ofPods];
  }

  /** Is every workload there in full, and every pod ready or rightly over? */
  get isReady(): boolean {
    const workloads = WORKLOAD_KINDS.flatMap((kind) => this.store.listStored(kind));
    return workloads.every(isComplete) && this.pods().every(isReadyOrOver);
  }

  pods(): readonly PodStatus[] {
    return this.#kubelet?.statuses() ?? [];
  }

  access(namespace: string, pod: string): PodAccess | undefined {
    return this.#kubelet?.access(namespace, pod);
  }

  /** Creates or changes an object, as `kubectl apply` does. A pod that is to change is made anew. */
  set(raw: RawObject): SetResult {
    const stored = this.#storedPod(raw);
    if (!stored) return this.store.set(raw);
    const isTerminating = stored.overlay.deletionTimestamp !== undefined;
    if (!isTerminating && isDeepStrictEqual(stored.base.body, raw.body)) return this.store.set(raw);
    this.#returning.set(storeKeyOf(raw), raw);
    this.#removePod(stored);
    return { action: 'configured', diagnostics: [] };
  }

  /** Deletes an object; a pod goes when its processes have ended. */
  delete(object: Pick<RawObject, 'apiVersion' | 'ref'>): StoreAction {
    this.#returning.delete(storeKeyOf(object));
    const stored = this.#storedPod(object);
    if (!stored) return this.store.delete(object);
    this.#removePod(stored);
    return 'deleted';
  }

  #storedPod(object: Pick<RawObject, 'apiVersion' | 'ref'>): StoredObject | undefined {
    if (object.ref.kind !== 'Pod' || object.apiVersion !== 'v1') return undefined;
    return this.store.findStored(object.ref)[0];
  }

  #removePod(stored: StoredObject): void {
    const view = podViewOf(stored);
    if (view) this.#controller.remove(view);
    else this.store.delete(stored.raw);
  }

  #takeFiles({ set, deleted, diagnostics }: SourceBatch): void {
    for (const ref of deleted) this.#deleteFromFile(ref);
    for (const raw of set) if (!isFleet(raw)) this.set(raw);
    for (const { file, diagnostics: list } of diagnostics) {
      if (list.length > 0) this.#fileDiagnostics.set(file, list);
      else this.#fileDiagnostics.delete(file);
    }
  }

  /** An object that was applied over the file's is not the file's any more; it goes with it nevertheless, as people expect. */
  #deleteFromFile(ref: ObjectRef): void {
    this.store.forgetRefused(ref);
    for (const { raw } of this.store.findStored(ref)) if (raw.origin.kind === 'file') this.delete(raw);
  }

  /** Nearly at once in a small cluster; in a large one a burst of changes is taken together. */
  #reconcileSoon(): void {
    this.#reconcileTimer ??= setTimeout(() => {
      this.#reconcileTimer = undefined;
      this.#reconcile();
    }, this.#reconcileMs * REST_FACTOR);
  }

  #reconcile(): void {
    const startedAt = performance.now();
    ensureStandingObjects(this.store);
    this.#controller.reconcile();
    const pods = this.#controller.pods();
    this.#kubelet?.sync(pods);
    reconcileEndpointSlices(this.store, this.#controller.pods());
    this.#reconcileMs = performance.now() - startedAt;
  }

  #removed(pod: PodView): void {
    const [stored] = this.store.findStored(pod.raw.ref);
    if (stored?.uid === pod.uid) this.store.delete(stored.raw);
    const key = storeKeyOf(pod.raw);
    const returning = this.#returning.get(key);
    this.#returning.delete(key);
    if (returning) this.store.set({ ...returning, meta: { ...returning.meta, createdAtMs: this.#now() } });
  }
}

function isReadyOrOver({ ready, phase }: PodStatus): boolean {
  return ready || phase === 'Succeeded' || phase === 'Terminating';
}

function isComplete({ object, overlay }: StoredObject): boolean {
  return object === undefined || isWorkloadComplete(object as ConfigObjectOf<WorkloadKind>, overlay.status);
}

/** The fleet's own file, where a cluster's folder is the fleet's. */
function isFleet({ ref, apiVersion }: RawObject): boolean {
  return ref.kind === 'Fleet' && apiVersion.startsWith('pelagos.dev/');
}
