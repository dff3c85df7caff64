import type { Logger } from 'pino';
import { type ApiServer, FollowedList, type KubernetesObject } from '../kubernetes-api/index.ts';

/** The texts by which `install` tells istiod what it was told. */
export interface ConfigMapTexts {
  /** MeshConfig as YAML: key `mesh` of the ConfigMap `istio`; empty where there is none. */
  readonly mesh: string;
  /** Helm-style values as JSON: key `values` of the ConfigMap `istio-sidecar-injector`; empty where there is none. */
  readonly values: string;
}

/** Two ConfigMaps have two objects; what is over this is not read. */
const MAX_TEXT = 1024 * 1024;

/**
 * Follows both ConfigMaps of a revision. Resolves when they were read once.
 * @param onChange told at first too.
 * @returns how to end it.
 */
export async function followConfigMaps(
  api: ApiServer,
  of: { readonly namespace: string; readonly revision: string; readonly log: Logger },
  onChange: (texts: ConfigMapTexts) => void,
): Promise<() => Promise<void>> {
  const { namespace, revision, log } = of;
  const suffix = revision ? `-${revision}` : '';
  const texts = { mesh: '', values: '' };
  const lists = (
    [
      ['istio', 'mesh'],
      ['istio-sidecar-injector', 'values'],
    ] as const
  ).map(([name, key]) => {
    const query = {
      apiVersion: 'v1',
      resource: 'configmaps',
      namespace,
      fieldSelector: `metadata.name=${name}${suffix}`,
    };
    return new FollowedList(api, query, {
      keep: (object) => textOf(object, key),
      onChange: (objects) => {
        const [text = ''] = objects.values();
        if (text === texts[key]) return;
        texts[key] = text;
        onChange({ ...texts });
      },
      onFailure: (reason) => log.warn({ configMap: name + suffix, reason }, 'a ConfigMap cannot be read'),
    });
  });
  onChange({ ...texts });
  await Promise.all(lists.map((list) => list.start()));
  return async () => {
    await Promise.all(lists.map((list) => list.stop()));
  };
}

function textOf(object: KubernetesObject, key: string): string {
  const text = ((object['data'] ?? {}) as Readonly<Record<string, unknown>>)[key];
  return typeof text === 'string' && text.length <= MAX_TEXT ? text : '';
}
