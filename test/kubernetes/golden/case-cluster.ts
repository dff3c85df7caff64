import type { Lab } from '../harness/lab.ts';
import { type Manifest, nameOf } from './case-manifests.ts';

/** What `kubectl get` says of workloads and pods, as far as it is read here. */
interface Listed {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly generation: number;
    readonly deletionTimestamp?: string;
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[];
  };
  readonly spec: { readonly replicas?: number };
  readonly status: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
    readonly podIP?: string;
  };
}

/** A pod that runs for a workload. */
export interface CasePod {
  readonly name: string;
  readonly address: string;
}

/** Deployments and StatefulSets are brought to rest within this time. */
const READY_MS = 90_000;

/**
 * A cluster that holds the objects of one case and no others of earlier ones. What two cases have in common stays as it is, so
 * most cases cost no pod.
 */
export class CaseCluster {
  readonly name: string;
  readonly #lab: Lab;
  #held: ReadonlyMap<string, Manifest> = new Map();

  constructor(lab: Lab, name: string) {
    this.#lab = lab;
    this.name = name;
  }

  /**
   * Makes the cluster's objects these, and waits for their pods.
   * @param doubtful objects that may be refused, as {@link nameOf} names them.
   * @returns those that were.
   */
  async hold(manifests: readonly Manifest[], doubtful: readonly string[]): Promise<readonly string[]> {
    const wanted = new Map(manifests.map((manifest) => [nameOf(manifest), manifest]));
    const gone = new Map([...this.#held].filter(([name, held]) => isToGo(held, wanted.get(name))));
    if (gone.size > 0) await this.#delete([...gone.values()]);
    const changed = [...wanted].filter(
      ([name, manifest]) => gone.has(name) || JSON.stringify(this.#held.get(name)) !== JSON.stringify(manifest),
    );
    const sure = changed.filter(([name]) => !doubtful.includes(name)).map(([, manifest]) => manifest);
    if (sure.length > 0) await this.#lab.apply(this.name, listOf(sure));
    const refused: string[] = [];
    for (const [name, manifest] of changed.filter(([each]) => doubtful.includes(each))) {
      if (!(await this.#isTaken(manifest))) refused.push(name);
    }
    this.#held = new Map([...wanted].filter(([name]) => !refused.includes(name)));
    await this.#rest();
    return refused;
  }

  /** The first pod of a workload (`deployment/client`, `pod/db-0`). @throws where there is none. */
  async pod(namespace: string, workload: string): Promise<CasePod> {
    const [kind = '', name = ''] = workload.split('/');
    const found = (await this.#list()).find(({ kind: each, metadata }) => {
      if (each !== 'Pod' || metadata.namespace !== namespace || metadata.deletionTimestamp) return false;
      if (kind === 'pod') return metadata.name === name;
      const [owner] = metadata.ownerReferences ?? [];
      // A Deployment's pods are owned by its ReplicaSets: its name and a hash.
      return kind === 'deployment'
        ? owner?.kind === 'ReplicaSet' && owner.name.replace(/-[^-]+$/, '') === name
        : owner?.kind.toLowerCase() === kind && owner.name === name;
    });
    if (!found?.status.podIP) throw new Error(`there is no pod of ${workload} in ${this.name}/${namespace}`);
    return { name: found.metadata.name, address: found.status.podIP };
  }

  async #isTaken(manifest: Manifest): Promise<boolean> {
    const args = ['--context', this.name, 'apply', '-f', '-'];
    return (await this.#lab.run('kubectl', args, { input: listOf([manifest]) })).code === 0;
  }

  async #delete(manifests: readonly Manifest[]): Promise<void> {
    const args = ['--context', this.name, 'delete', '--ignore-not-found', '--wait=false', '-f', '-'];
    const { code, stderr } = await this.#lab.run('kubectl', args, { input: listOf(manifests) });
    if (code !== 0) throw new Error(stderr);
  }

  async #rest(): Promise<void> {
    await this.#lab.eventually(
      `the workloads of ${this.name} are ready`,
      async () => {
        const listed = await this.#list();
        const waiting = [...this.#held.values()].filter(
          (manifest) =>
            (manifest.kind === 'Deployment' || manifest.kind === 'StatefulSet') &&
            !listed.some((each) => nameOf(each as unknown as Manifest) === nameOf(manifest) && isAtRest(each)),
        );
        if (waiting.length > 0) throw new Error(`not ready: ${waiting.map(nameOf).join(', ')}`);
      },
      READY_MS,
    );
  }

  async #list(): Promise<readonly Listed[]> {
    const text = await this.#lab.kubectl(this.name, 'get', 'deployments,statefulsets,pods', '-A', '-o', 'json');
    return (JSON.parse(text) as { readonly items: readonly Listed[] }).items;
  }
}

function listOf(items: readonly Manifest[]): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

/** Namespaces stay: the next case fills them again. A workload's selector can not be changed. */
function isToGo(held: Manifest, wanted: Manifest | undefined): boolean {
  if (held.kind === 'Namespace') return false;
  if (!wanted) return true;
  const isWorkload = held.kind === 'Deployment' || held.kind === 'StatefulSet';
  return isWorkload && JSON.stringify(held.spec?.['selector']) !== JSON.stringify(wanted.spec?.['selector']);
}

function isAtRest({ metadata, spec, status }: Listed): boolean {
  const replicas = spec.replicas ?? 1;
  return (
    !metadata.deletionTimestamp &&
    (status.observedGeneration ?? 0) >= metadata.generation &&
    (status.updatedReplicas ?? 0) === replicas &&
    (status.readyReplicas ?? 0) === replicas &&
    (status.replicas ?? 0) === replicas
  );
}
