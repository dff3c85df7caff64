import { setTimeout as delay } from 'node:timers/promises';
import { type ApiServer, isNotFound } from '../../kubernetes-api/index.ts';
import type { Definition } from '../crds/definitions.ts';
import { installError } from '../install-error.ts';
import { list, plain } from '../plain.ts';
import { objectPath } from './resources.ts';

const POLL_MS = 200;

/** Waits until objects of these kinds can be written. @throws InstallError PEL8008 */
export async function waitForDefinitions(
  api: ApiServer,
  definitions: readonly Definition[],
  timeoutMs: number,
): Promise<void> {
  const endMs = Date.now() + timeoutMs;
  for (const definition of definitions) {
    while (!(await isEstablished(api, definition))) {
      if (Date.now() > endMs) {
        throw installError('PEL8008', {
          object: definition.metadata.name,
          seconds: Math.round(timeoutMs / 1000),
          reason: 'the API server does not serve it',
          remedy: `Look at its conditions: kubectl describe crd ${definition.metadata.name}`,
        });
      }
      await delay(POLL_MS);
    }
  }
}

/** The condition comes before the paths are served, so both are asked for. */
async function isEstablished(api: ApiServer, definition: Definition): Promise<boolean> {
  const live = await api.get(objectPath(definition));
  const conditions = list(plain(live['status'])['conditions']).map(plain);
  if (!conditions.some(({ type, status }) => type === 'Established' && status === 'True')) return false;
  const { group, names, versions } = definition.spec;
  const version = versions.find(({ served }) => served)?.name ?? '';
  try {
    await api.get(`/apis/${group}/${version}/${names.plural}`, { query: { limit: 1 } });
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
