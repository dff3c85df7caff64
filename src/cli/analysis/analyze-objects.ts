import { analyze, knowledgeOf, ObjectStore } from '../../config/index.ts';
import type { Diagnostic } from '../../diagnostics/index.ts';
import { parseClusterId, type RawObject } from '../../model/index.ts';

/** What is looked at together. */
export interface AnalysisInput {
  /** The objects that are judged; later ones of the same name replace earlier ones, as applying them would. */
  readonly objects: readonly RawObject[];
  /** Objects of other clusters, for the hosts that they have. */
  readonly remotes: readonly (readonly RawObject[])[];
  /** Names of the member clusters: `web.cluster2` is a host then. */
  readonly clusters: readonly string[];
}

/** Everything that is to be said of the objects, each by itself and all together, in the order of their names. */
export function analyzeObjects({ objects, remotes, clusters }: AnalysisInput): readonly Diagnostic[] {
  const own = storeOf(objects);
  const stores = [own, ...remotes.map(storeOf)];
  const ids = clusters.flatMap((name) => {
    const id = parseClusterId(name);
    return id === undefined ? [] : [id];
  });
  const diagnostics = [...own.diagnostics(), ...analyze(own, knowledgeOf(stores, ids))];
  const key = ({ object, code }: Diagnostic): string =>
    `${object?.namespace ?? ''}/${object?.kind ?? ''}/${object?.name ?? ''} ${code}`;
  return diagnostics.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

function storeOf(objects: readonly RawObject[]): ObjectStore {
  const store = new ObjectStore();
  store.apply({ set: objects, deleted: [] });
  return store;
}
