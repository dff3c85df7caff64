import { setTimeout as delay } from 'node:timers/promises';
import { type ApiServer, isNotFound, type KubernetesObject } from '../../kubernetes-api/index.ts';
import { list, plain, textAt } from '../plain.ts';
import { FIELD_MANAGER } from './apply-objects.ts';
import { objectPath } from './resources.ts';

const POLL_MS = 200;

/**
 * Waits until the control plane has put its certificate authority into every webhook.
 * @param endMs when to give up, in milliseconds since the epoch.
 * @returns the configuration that has none by then.
 */
export async function waitForAuthority(
  api: ApiServer,
  configurations: readonly KubernetesObject[],
  endMs: number,
): Promise<KubernetesObject | undefined> {
  for (const configuration of configurations) {
    while (!(await hasAuthority(api, configuration))) {
      if (Date.now() >= endMs) return configuration;
      await delay(POLL_MS);
    }
  }
  return undefined;
}

async function hasAuthority(api: ApiServer, configuration: KubernetesObject): Promise<boolean> {
  const live = await api.get(objectPath(configuration));
  return list(live['webhooks']).every((hook) => textAt(hook, 'clientConfig', 'caBundle') !== undefined);
}

/** Broken objects are refused from now on also while the control plane is away, as in Istio. */
export async function requireValidation(api: ApiServer, configurations: readonly KubernetesObject[]): Promise<void> {
  for (const configuration of configurations.filter(({ kind }) => kind === 'ValidatingWebhookConfiguration')) {
    const webhooks = list(configuration['webhooks']).map((hook) => ({ ...plain(hook), failurePolicy: 'Fail' }));
    try {
      await api.send('PATCH', objectPath(configuration), JSON.stringify({ ...configuration, webhooks }), {
        query: { fieldManager: FIELD_MANAGER, force: true },
        contentType: 'application/apply-patch+yaml',
      });
    } catch (error) {
      // Somebody has just removed it: then nothing is to be validated.
      if (!isNotFound(error)) throw error;
    }
  }
}
