import { setTimeout as delay } from 'node:timers/promises';
import {
  type ApiServer,
  type KubernetesList,
  type KubernetesObject,
  resourcePath,
} from '../../kubernetes-api/index.ts';
import { installError } from '../install-error.ts';
import { plain } from '../plain.ts';
import { deploymentFault, type Fault, isRolledOut, podFault } from './pod-fault.ts';
import { objectName, objectPath } from './resources.ts';

const POLL_MS = 500;
const LOG_LINES = 10;
const MAX_LOG_CHARACTERS = 2000;

export interface WaitOptions {
  readonly timeoutMs: number;
  /** Told what stands in the way, when that changes. */
  readonly onFault: (object: KubernetesObject, fault: Fault) => void;
}

/** Waits until all Deployments among the objects are up. @throws InstallError PEL8008 */
export async function waitForDeployments(
  api: ApiServer,
  objects: readonly KubernetesObject[],
  options: WaitOptions,
): Promise<void> {
  const endMs = Date.now() + options.timeoutMs;
  for (const object of objects.filter(({ kind }) => kind === 'Deployment'))
    await waitForOne(api, object, endMs, options);
}

async function waitForOne(
  api: ApiServer,
  object: KubernetesObject,
  endMs: number,
  { timeoutMs, onFault }: WaitOptions,
): Promise<void> {
  let told = '';
  let fault: Fault | undefined;
  for (;;) {
    const live = await api.get(objectPath(object));
    if (isRolledOut(live)) return;
    fault = deploymentFault(live) ?? (await firstPodFault(api, live));
    if (fault && fault.reason !== told) {
      told = fault.reason;
      onFault(object, fault);
    }
    if (Date.now() >= endMs) break;
    await delay(Math.min(POLL_MS, Math.max(1, endMs - Date.now())));
  }
  const log = fault?.crashed ? await lastLines(api, object, fault.crashed) : '';
  throw installError('PEL8008', {
    object: objectName(object),
    seconds: Math.round(timeoutMs / 1000),
    reason: `${fault?.reason ?? 'its pods are not ready yet'}${log === '' ? '' : `\n${log}`}`,
    remedy:
      fault?.remedy ??
      `Give it more time (\`--readiness-timeout\`), or look at its pods: kubectl -n ${object.metadata.namespace} describe pods`,
  });
}

async function firstPodFault(api: ApiServer, deployment: KubernetesObject): Promise<Fault | undefined> {
  const labels = plain(plain(plain(deployment['spec'])['selector'])['matchLabels']);
  const labelSelector = Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const path = resourcePath({ apiVersion: 'v1', resource: 'pods', namespace: deployment.metadata.namespace });
  const { items } = await api.get<KubernetesList>(path, { query: { labelSelector } });
  const alive = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return alive.map(podFault).find((fault) => fault !== undefined);
}

async function lastLines(
  api: ApiServer,
  { metadata }: KubernetesObject,
  { pod, container }: { readonly pod: string; readonly container: string },
): Promise<string> {
  const path = resourcePath({
    apiVersion: 'v1',
    resource: 'pods',
    namespace: metadata.namespace,
    name: pod,
    subresource: 'log',
  });
  const query = { container, previous: true, tailLines: LOG_LINES };
  // The log is a help; where it cannot be had, the fault itself is still told.
  const text = await api.text(path, { query, maxBytes: 64 * 1024 }).catch(() => '');
  return text.trimEnd().slice(-MAX_LOG_CHARACTERS);
}
