import type { Diagnostic } from '../diagnostics/index.ts';
import { diagnose } from '../diagnostics/index.ts';
import type { ApiServer, KubernetesObject } from '../kubernetes-api/index.ts';
import { applyObject, type ObjectChange, read } from './apply/apply-objects.ts';
import { waitForDefinitions } from './apply/establish.ts';
import { refuseOtherIstio } from './apply/other-istio.ts';
import type { Fault } from './apply/pod-fault.ts';
import { prune } from './apply/prune.ts';
import { objectPath } from './apply/resources.ts';
import { waitForDeployments } from './apply/wait-ready.ts';
import { definitionAge, definitionVersion } from './crds/compare-definitions.ts';
import { type Definition, readDefinitions } from './crds/definitions.ts';
import { owningResource } from './objects/labels.ts';
import { type InstallStep, meshSteps } from './objects/mesh-objects.ts';
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
  const facts = options.pilotAddress === undefined ? {} : { pilotAddress: options.pilotAddress };
  const steps = meshSteps(values, { definitions, ...facts });
  const changes: ObjectChange[] = [];
  for (const step of steps) changes.push(...(await applyStep(api, step, options)));
  const wanted = [...steps.flatMap(({ objects }) => objects), ...kept];
  const removed = await prune(api, wanted, { owner: owningResource(values), isDryRun: options.isDryRun });
  if (removed.length > 0) options.onEvent({ kind: 'pruned', changes: removed });
  return [...changes, ...kept.map((object): ObjectChange => ({ object, change: 'kept' })), ...removed];
}

async function applyStep(api: ApiServer, step: InstallStep, options: InstallOptions): Promise<readonly ObjectChange[]> {
  const { title, objects } = step;
  const { isDryRun, readinessTimeoutMs, onEvent } = options;
  onEvent({ kind: 'step', title, state: 'applying' });
  const changes: ObjectChange[] = [];
  for (const object of objects) changes.push(await applyObject(api, object, { isDryRun }));
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
  onEvent({ kind: 'done', title, changes });
  return changes;
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
