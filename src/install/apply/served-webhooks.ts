import { setTimeout as delay } from 'node:timers/promises';
import { type ApiServer, type KubernetesObject, resourcePath } from '../../kubernetes-api/index.ts';
import { list, textAt } from '../plain.ts';
import { read } from './apply-objects.ts';
import { shareCertificate } from './certificates.ts';
import { objectPath } from './resources.ts';

const POLL_MS = 200;

/**
 * Waits until the control plane that serves this cluster has put its certificate authority into every webhook; that of one
 * which was here before does not count.
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
  const bundles = list(live['webhooks']).map((hook) => textAt(hook, 'clientConfig', 'caBundle') ?? '');
  const roots = await publishedRoots(api, configuration);
  return bundles.every((bundle) => shareCertificate(Buffer.from(bundle, 'base64').toString('utf8'), roots));
}

/** What the control plane has published in its own namespace. */
async function publishedRoots(api: ApiServer, configuration: KubernetesObject): Promise<string> {
  const [first] = list(configuration['webhooks']);
  const namespace = textAt(first, 'clientConfig', 'service', 'namespace');
  const path = resourcePath({ apiVersion: 'v1', resource: 'configmaps', namespace, name: 'istio-ca-root-cert' });
  return textAt(await read(api, path), 'data', 'root-cert.pem') ?? '';
}
