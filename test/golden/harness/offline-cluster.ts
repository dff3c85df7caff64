import type { Diagnostic } from '../../../src/diagnostics/index.ts';
import { type BuiltInChoice, builtInObjects } from '../../../src/embedded/builtin/built-in-objects.ts';
import type { ClusterConfig } from '../../../src/embedded/config/fleet-config.ts';
import { reconcileEndpointSlices } from '../../../src/embedded/controllers/endpoint-slice-controller.ts';
import { ensureStandingObjects, makeNode } from '../../../src/embedded/controllers/standing-objects.ts';
import { WorkloadController } from '../../../src/embedded/controllers/workload-controller.ts';
import { ClusterStore } from '../../../src/embedded/store/cluster-store.ts';
import { FileSource } from '../../../src/sources/index.ts';
import { type PlannedPod, planPod, reportReady, type WayIn } from './planned-pod.ts';

/** One cluster of a fleet on paper: its objects, and its pods as they would be once all of them run. */
export interface OfflineCluster {
  readonly config: ClusterConfig;
  readonly store: ClusterStore;
  readonly pods: readonly PlannedPod[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Stateful pods come one by one, so a few rounds; more means that it never comes to rest. */
const MAX_ROUNDS = 300;

/** All objects are of one age on paper. */
const NOW_MS = 1_700_000_000_000;

/**
 * Loads a cluster's folder and lets the real controllers plan its pods; nothing is started.
 * @param number of the cluster, from 1: its pods are 10.number.x.y.
 */
export async function loadOfflineCluster(
  config: ClusterConfig,
  number: number,
  choice: BuiltInChoice & { readonly way: WayIn },
): Promise<OfflineCluster> {
  const store = new ClusterStore(config.name, () => NOW_MS);
  makeNode(store, config);
  for (const raw of await builtInObjects(config, choice)) store.setBuiltIn(raw);
  const ofFiles = await readFolder(config, store);
  ensureStandingObjects(store);
  const pods = planPods(store, { number, way: choice.way });
  return { config, store, pods, diagnostics: [...ofFiles, ...store.diagnostics] };
}

async function readFolder(config: ClusterConfig, store: ClusterStore): Promise<readonly Diagnostic[]> {
  const diagnostics: Diagnostic[] = [];
  const files = new FileSource({ cluster: config.name, folders: [config.folder] });
  await files.start({
    apply: (batch) => {
      for (const raw of batch.set) store.set(raw);
      diagnostics.push(...batch.diagnostics.flatMap((each) => each.diagnostics));
    },
  });
  await files.stop();
  return diagnostics;
}

function planPods(
  store: ClusterStore,
  { number, way }: { readonly number: number; readonly way: WayIn },
): readonly PlannedPod[] {
  const controller = new WorkloadController(store, () => NOW_MS);
  const planned = new Map<string, PlannedPod>();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    controller.reconcile();
    const fresh = controller.pods().filter(({ uid, proxy }) => proxy !== undefined && !planned.has(uid));
    if (fresh.length === 0) {
      reconcileEndpointSlices(store, controller.pods());
      return [...planned.values()];
    }
    for (const view of fresh) {
      const pod = planPod(view, { cluster: number, pod: planned.size + 1, way });
      planned.set(view.uid, pod);
      reportReady(store, pod);
    }
  }
  throw new Error(`the pods of ${store.cluster} do not come to rest`);
}
