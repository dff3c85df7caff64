import { KINDS, type KindDefinition } from '../../config/index.ts';
import {
  type ApiServer,
  isNotFound,
  type KubernetesList,
  type KubernetesObject,
  resourcePath,
} from '../../kubernetes-api/index.ts';
import type { ClusterId, RawObject } from '../../model/index.ts';
import { toRawObject } from '../../sources/index.ts';
import { namesOfKind } from '../objects/kinds.ts';

/** Objects of a list that are read at once. */
const PAGE = 500;
/** What a kind has at most, so that a command ends on a cluster of any size. */
const MAX_OBJECTS = 20_000;

/** Kinds of the mesh that say how traffic goes. */
export const ISTIO_KIND_NAMES: readonly string[] = KINDS.filter(({ group }) => group.endsWith('.istio.io')).map(
  ({ kind }) => kind,
);

export interface ObjectQuery {
  /** As the objects are to be named. */
  readonly cluster: ClusterId;
  readonly kinds: readonly string[];
  /** All unless given. */
  readonly namespace?: string | undefined;
}

/**
 * Lists the objects of some kinds, as they are stored. A kind that the cluster has not gives none.
 * @throws ApiError where a kind may not be read.
 */
export async function readObjects(api: ApiServer, query: ObjectQuery): Promise<readonly RawObject[]> {
  const definitions = KINDS.filter(({ kind }) => query.kinds.includes(kind));
  const lists = await Promise.all(definitions.map((definition) => listKind(api, definition, query)));
  return lists.flat();
}

async function listKind(
  api: ApiServer,
  definition: KindDefinition,
  { cluster, namespace }: ObjectQuery,
): Promise<readonly RawObject[]> {
  // The version that people write comes first; an older cluster may not serve it.
  const versions = [...definition.versions].sort((a, b) => Number(b === 'v1') - Number(a === 'v1'));
  const where = definition.namespaced ? namespace : undefined;
  for (const version of versions) {
    const apiVersion = definition.group === '' ? version : `${definition.group}/${version}`;
    const path = resourcePath({ apiVersion, resource: namesOfKind(definition.kind).plural, namespace: where });
    try {
      const objects = await listAll(api, path);
      return objects.flatMap((object) => rawObject(object, { cluster, apiVersion, kind: definition.kind }));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return [];
}

async function listAll(api: ApiServer, path: string): Promise<readonly KubernetesObject[]> {
  const objects: KubernetesObject[] = [];
  let next: string | undefined;
  do {
    const list: KubernetesList = await api.get<KubernetesList>(path, { query: { limit: PAGE, continue: next } });
    objects.push(...list.items);
    next = list.metadata.continue || undefined;
  } while (next !== undefined && objects.length < MAX_OBJECTS);
  return objects;
}

/** Items of a list do not say what they are. What the API server manages is no part of what a person wrote. */
function rawObject(
  object: KubernetesObject,
  { cluster, apiVersion, kind }: { readonly cluster: ClusterId; readonly apiVersion: string; readonly kind: string },
): readonly RawObject[] {
  const { managedFields: _managed, ...metadata } = object.metadata;
  const resourceVersion = object.metadata.resourceVersion ?? '';
  const raw = toRawObject(
    { ...object, apiVersion, kind, metadata },
    { cluster, origin: { kind: 'kubernetes', resourceVersion } },
  );
  return 'problem' in raw ? [] : [raw];
}
