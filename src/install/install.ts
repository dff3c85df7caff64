import type { Diagnostic } from '../diagnostics/index.ts';
import { diagnose } from '../diagnostics/index.ts';
import type { ApiServer, KubernetesObject } from '../kubernetes-api/index.ts';
import { applyObject, type ObjectChange, read } from './apply/apply-objects.ts';
import { waitForDefinitions } from './apply/establish.ts';
import { refuseOtherIstio } from './apply/other-istio.ts';
import type { Fault } from './apply/pod-fault.ts';
import { prune } from './apply/prune.ts';
import { objectName, objectPath } from './apply/resources.ts';
import { waitForAuthority } from './apply/served-webhooks.ts';
import { waitForDeployments } from './apply/wait-ready.ts';
import { definitionAge, definitionVersion } from './crds/compare-definitions.ts';
import { type Definition, readDefinitions } from './crds/definitions.ts';
import { installError } from './install-error.ts';
import { owningResource } from './objects/labels.ts';
import { type InstallStep, meshSteps, REMOTE_TITLE, WEBHOOKS_TITLE } from './objects/mesh-objects.ts';
import { removeStaleEndpoints } from './remote/stale-endpoints.ts';
import type { InstallValues } from './values/install-values.ts';

/** What happens, as it happens. */
export type InstallEvent =
  | { readonly kind: 'step'; readonly title: string; readonly state: 'applying' | 'waiting' }
  | { readonly kind: 'done'; readonly title: string; readonly changes: readonly ObjectChange[] }
  | { readonly kind: 'pruned'; readonly changes: readonly ObjectChange[] }
  | { readonly kind: 'fault'; readonly object: KubernetesObject; readonly fault: Fault }
  | { readonly kind: 'note'; readonly note: Diagnostic };

export interface InstallOptions {
  readonly isDryRun: boolean;
  /** For each step, in milliseconds; 0: nothing is waited for. */
  readonly readinessTimeoutMs: number;
  /** Of a remote cluster: where its control plane is. */
  readonly pilotAddress?: string;
  /** Of a remote cluster: the name of the cluster that serves it, where that is known. */
  readonly primaryCluster?: string;
  /** Of a remote cluster: makes the primary read it. Called once its own control plane, if it had one, is gone. */
  readonly joinPrimary?: () => Promise<void>;
  readonly onEvent: (event: InstallEvent) => void;
}

const ESTABLISH_TIMEOUT_MS = 60_000;

/**
 * Brings a cluster to what the values say: applies in order, waits for what has to be there before the next step, removes
 * what an earlier installation of this revision had besides.
 * @returns what became of each object.
 * @throws InstallError; what was applied before it stays, and a second run goes on from there.
 */
export async function install(
  api: ApiServer,
  values: InstallValues,
  options: InstallOptions,
): Promise<readonly ObjectChange[]> {
  await refuseOtherIstio(api, values);
  const { definitions, kept } = await chooseDefinitions(api, options.onEvent);
  const { pilotAddress, primaryCluster } = options;
  const steps = meshSteps(values, {
    definitions,
    ...(pilotAddress === undefined ? {} : { pilotAddress }),
    ...(primaryCluster === undefined ? {} : { primaryCluster }),
  });
  const wanted = [...steps.flatMap(({ objects }) => objects), ...kept];
  const changes: ObjectChange[] = kept.map((object) => ({ object, change: 'kept' }));
  const removeSurplus = async (): Promise<void> => {
    const removed = await prune(api, wanted, { owner: owningResource(values), isDryRun: options.isDryRun });
    if (removed.length > 0) options.onEvent({ kind: 'pruned', changes: removed });
    changes.push(...removed);
  };
  for (const step of steps) {
    changes.push(...(await applyStep(api, step, options)));
    if (step.title !== REMOTE_TITLE) continue;
    // Two control planes would write over each other's roots and webhooks, so the own one goes before the other comes.
    await removeSurplus();
    if (options.isDryRun) continue;
    await removeStaleEndpoints(api, values);
    await options.joinPrimary?.();
  }
  await removeSurplus();
  return changes;
}

async function applyStep(api: ApiServer, step: InstallStep, options: InstallOptions): Promise<readonly ObjectChange[]> {
  const { title, objects } = step;
  const { isDryRun, readinessTimeoutMs, onEvent } = options;
  onEvent({ kind: 'step', title, state: 'applying' });
  const changes: ObjectChange[] = [];
  for (const alike of runsOfKind(objects)) {
    changes.push(...(await Promise.all(alike.map((object) => applyObject(api, object, { isDryRun })))));
  }
  if (!isDryRun) {
    await waitForDefinitions(api, objects.filter(isDefinition), ESTABLISH_TIMEOUT_MS);
    if (readinessTimeoutMs > 0 && objects.some(({ kind }) => kind === 'Deployment')) {
      onEvent({ kind: 'step', title, state: 'waiting' });
      await waitForDeployments(api, objects, {
        timeoutMs: readinessTimeoutMs,
        onFault: (object, fault) => onEvent({ kind: 'fault', object, fault }),
      });
    }
  }
  if (title === WEBHOOKS_TITLE && !isDryRun && readinessTimeoutMs > 0) await awaitWebhooks(api, step, options);
  onEvent({ kind: 'done', title, changes });
  return changes;
}

/** The time after which the control plane must have put its authority into the webhooks. */
const AUTHORITY_TIMEOUT_MS = 60_000;

/** Waits until the webhooks are served, so that the first pod gets its proxy. */
async function awaitWebhooks(api: ApiServer, { title, objects }: InstallStep, options: InstallOptions): Promise<void> {
  options.onEvent({ kind: 'step', title, state: 'waiting' });
  const endMs = Date.now() + Math.min(options.readinessTimeoutMs, AUTHORITY_TIMEOUT_MS);
  const missing = await waitForAuthority(api, objects, endMs);
  if (!missing) return;
  const reason = 'the control plane has not put its certificate authority into it yet';
  const remedy = 'Look at the log of istiod: kubectl -n istio-system logs deployment/istiod';
  // A remote cluster's control plane may be somebody else's to set up; one's own has to work.
  if (options.pilotAddress === undefined) {
    const seconds = Math.round(options.readinessTimeoutMs / 1000);
    throw installError('PEL8008', { object: objectName(missing), seconds, reason, remedy });
  }
  options.onEvent({ kind: 'fault', object: missing, fault: { reason, remedy, isLasting: false } });
}

/** Objects of one kind that stand together do not need each other, so they are applied at once. */
function runsOfKind(objects: readonly KubernetesObject[]): readonly (readonly KubernetesObject[])[] {
  const runs: KubernetesObject[][] = [];
  for (const object of objects) {
    const last = runs.at(-1);
    if (last && last[0]?.kind === object.kind) last.push(object);
    else runs.push([object]);
  }
  return runs;
}

function isDefinition(object: KubernetesObject): object is Definition {
  return object.kind === 'CustomResourceDefinition';
}

interface ChosenDefinitions {
  readonly definitions: readonly Definition[];
  /** Ours, in whose place the cluster has a newer one. */
  readonly kept: readonly Definition[];
}

/** Definitions of a newer API stay: taking fields away would break objects that have them. */
async function chooseDefinitions(api: ApiServer, onEvent: InstallOptions['onEvent']): Promise<ChosenDefinitions> {
  const ours = readDefinitions();
  const live = await Promise.all(
    ours.map(async (each) => (await read(api, objectPath(each))) as Definition | undefined),
  );
  const isNewer = ours.map((each, index) => {
    const present = live[index];
    return present !== undefined && definitionAge(present, each) === 'newer';
  });
  const kept = ours.filter((_, index) => isNewer[index]);
  const [first] = kept;
  if (first) {
    const present = live[ours.indexOf(first)];
    onEvent({
      kind: 'note',
      note: diagnose('PEL8010', {
        count: kept.length,
        present: (present && definitionVersion(present)) ?? 'unknown version',
        ours: definitionVersion(first) ?? 'unknown version',
      }),
    });
  }
  return { definitions: ours.filter((_, index) => !isNewer[index]), kept };
}
