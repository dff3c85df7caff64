import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, type ApiServer, isNotFound, type KubernetesObject } from '../../kubernetes-api/index.ts';
import { installError } from '../install-error.ts';
import { type Plain, plain } from '../plain.ts';
import { objectName, objectPath } from './resources.ts';

/** How an API server says that a webhook does not answer. */
const WEBHOOK_AWAY = /failed calling webhook/;

/** Whose fields they are, to the API server (server-side apply). */
export const FIELD_MANAGER = 'pelagos-install';

export type Change = 'created' | 'configured' | 'unchanged' | 'removed' | 'kept';

export interface ObjectChange {
  readonly object: KubernetesObject;
  readonly change: Change;
}

export interface ApplyMode {
  /** Asks the API server what would come of it, and changes nothing. */
  readonly isDryRun: boolean;
}

/**
 * Applies one object as ours. Fields that somebody else has set and we do not name stay as they are.
 * @returns what became of it.
 * @throws InstallError PEL8009 where the API server refuses it.
 */
export async function applyObject(api: ApiServer, object: KubernetesObject, mode: ApplyMode): Promise<ObjectChange> {
  const path = objectPath(object);
  try {
    const live = await read(api, path);
    const wanted = keepFailurePolicies(object, live);
    const query = { fieldManager: FIELD_MANAGER, force: true, ...(mode.isDryRun ? { dryRun: 'All' } : {}) };
    const contentType = 'application/apply-patch+yaml';
    const send = () => api.send('PATCH', path, JSON.stringify(wanted), { query, contentType, timeoutMs: 60_000 });
    const applied = await pastWebhooks(send);
    if (!live) return { object, change: 'created' };
    return { object, change: isSame(live, applied) ? 'unchanged' : 'configured' };
  } catch (error) {
    // A dry run of a new namespace leaves it absent for what is to be in it.
    if (mode.isDryRun && isMissingPlace(error)) return { object, change: 'created' };
    throw refusal(object, error);
  }
}

const WEBHOOK_ATTEMPTS = 15;
const WEBHOOK_PAUSE_MS = 1_000;

/** Our own webhook is away for a moment while its control plane is put in another one's place. */
async function pastWebhooks<T>(send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      const isAway = error instanceof ApiError && error.status === 500 && WEBHOOK_AWAY.test(error.message);
      if (!isAway || attempt === WEBHOOK_ATTEMPTS) throw error;
      await delay(WEBHOOK_PAUSE_MS);
    }
  }
}

export async function read(api: ApiServer, path: string): Promise<KubernetesObject | undefined> {
  try {
    return await api.get(path);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** The namespace, or the kind, that an earlier step of a real run would have made. */
function isMissingPlace(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

/** A dry run gives no new version, so the objects themselves are compared, without the fields of the API server's own. */
function isSame(before: KubernetesObject, after: KubernetesObject): boolean {
  return JSON.stringify(withoutRecord(before)) === JSON.stringify(withoutRecord(after));
}

function withoutRecord(object: KubernetesObject): Plain {
  const { managedFields: _, resourceVersion: __, generation: ___, ...metadata } = object.metadata as Plain;
  const { status: ____, ...rest } = object as Plain;
  return sorted({ ...rest, metadata }) as Plain;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, child]) => [key, sorted(child)]),
  );
}

/** The control plane turns validation from Ignore to Fail once it is there; a second installation leaves that. */
function keepFailurePolicies(object: KubernetesObject, live: KubernetesObject | undefined): KubernetesObject {
  if (object.kind !== 'ValidatingWebhookConfiguration' || !live) return object;
  const policies = new Map(webhooks(live).map((hook) => [hook['name'], hook['failurePolicy']]));
  const kept = webhooks(object).map((hook) => ({
    ...hook,
    failurePolicy: policies.get(hook['name']) ?? hook['failurePolicy'],
  }));
  return { ...object, webhooks: kept };
}

function webhooks(object: KubernetesObject): readonly Plain[] {
  return Array.isArray(object['webhooks']) ? object['webhooks'].map(plain) : [];
}

export function refusal(object: KubernetesObject, error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  return installError(
    'PEL8009',
    { object: objectName(object), reason: error.message, remedy: remedyFor(error) },
    error,
  );
}

function remedyFor({ status, message }: ApiError): string {
  if (status === 0) return 'Look whether the API server answers (`kubectl get --raw /readyz`), and run it again.';
  if (status === 403)
    return 'Installing needs the rights of a cluster administrator: choose another context (`--context`), or ask one.';
  if (status === 401) return 'Log in to the cluster again: the API server does not know who you are.';
  if (WEBHOOK_AWAY.test(message))
    return 'A webhook of the cluster does not answer. Look at the program behind it, or remove its configuration (`kubectl get mutatingwebhookconfigurations,validatingwebhookconfigurations`).';
  if (/immutable/.test(message)) return 'Delete that object (`kubectl delete`), and run it again.';
  return 'Look at the reason above. If it speaks of a field, the values that set it are wrong.';
}
