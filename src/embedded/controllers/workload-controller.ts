import type { ConfigObjectOf, PodTemplate } from '../../config/index.ts';
import type { ClusterStore } from '../store/cluster-store.ts';
import { formatTime, type StoredObject } from '../store/stored-object.ts';
import { TEMPLATE_HASH_LABEL } from './annotations.ts';
import { admissionOf, generatedName, makePod, randomSuffix, templateHashOf } from './make-pod.ts';
import { planJob, planOrdinals, planReplicas } from './plan-pods.ts';
import { type PodShape, podShapeOf } from './pod-shape.ts';
import { type PodView, podViewOf } from './pod-view.ts';
import {
  formatWorkloadStatus,
  MAX_REPLICAS,
  replicasOf,
  WORKLOAD_KINDS,
  type WorkloadKind,
} from './workload-status.ts';

/** Kubernetes' default. */
const DEFAULT_BACKOFF_LIMIT = 6;

/** A workload with what its pods are to be like. */
interface Workload {
  readonly object: ConfigObjectOf<WorkloadKind>;
  readonly stored: StoredObject;
  readonly shape: PodShape;
  readonly hash: string;
  readonly pods: readonly PodView[];
}

/** Does for workloads what Kubernetes' controllers do: makes and removes pods, one step at each call. */
export class WorkloadController {
  readonly #store: ClusterStore;
  readonly #now: () => number;

  constructor(store: ClusterStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** All pods, read. */
  pods(): readonly PodView[] {
    return this.#store.listStored('Pod').flatMap((stored) => podViewOf(stored) ?? []);
  }

  /** Takes the next step for every workload, and lets new pods in. */
  reconcile(): void {
    const pods = this.pods();
    const owners = new Set<string>();
    for (const kind of WORKLOAD_KINDS) {
      for (const stored of this.#store.listStored(kind)) {
        if (stored.object?.kind !== kind) continue;
        owners.add(stored.uid);
        const own = pods.filter(({ owner }) => owner?.uid === stored.uid);
        this.#step(this.#read(stored.object as unknown as ConfigObjectOf<WorkloadKind>, stored, own));
      }
    }
    for (const pod of pods) if (pod.owner && !owners.has(pod.owner.uid)) this.remove(pod);
    for (const pod of this.pods()) if (pod.proxy === undefined) this.#admit(pod);
  }

  /** Marks a pod as terminating: it goes when its processes have ended. */
  remove(pod: PodView): void {
    if (!pod.isTerminating) this.#store.patch(pod.raw, { deletionTimestamp: formatTime(this.#now()) });
  }

  #read(object: ConfigObjectOf<WorkloadKind>, stored: StoredObject, pods: readonly PodView[]): Workload {
    const { template } = object.spec;
    const shape = this.#shapeOf(object.meta.namespace, template);
    return { object, stored, shape, hash: templateHashOf(template, shape), pods };
  }

  #step(workload: Workload): void {
    const { object, pods, hash, stored } = workload;
    switch (object.kind) {
      case 'StatefulSet':
        this.#stepOrdinals(workload, object as ConfigObjectOf<'StatefulSet'>);
        break;
      case 'Job': {
        const {
          completions = 1,
          parallelism = 1,
          backoffLimit = DEFAULT_BACKOFF_LIMIT,
        } = (object as ConfigObjectOf<'Job'>).spec;
        const { create } = planJob(
          { completions, parallelism: Math.min(parallelism, MAX_REPLICAS), backoffLimit },
          pods,
        );
        for (let made = 0; made < create; made++) this.#make(workload, [randomSuffix()]);
        break;
      }
      default: {
        const goal = { replicas: replicasOf(object), hash: object.kind === 'ReplicaSet' ? undefined : hash };
        const { create, remove } = planReplicas(goal, pods);
        for (const pod of remove) this.remove(pod);
        const suffix = object.kind === 'Deployment' ? [hash] : [];
        for (let made = 0; made < create; made++) this.#make(workload, [...suffix, randomSuffix()]);
      }
    }
    const status = formatWorkloadStatus(object.kind, { replicas: replicasOf(object), hash, pods });
    this.#store.patch(stored.raw, { status });
  }

  #stepOrdinals(workload: Workload, { spec, meta }: ConfigObjectOf<'StatefulSet'>): void {
    const isParallel = spec.podManagementPolicy === 'Parallel';
    const goal = { name: meta.name, replicas: Math.min(spec.replicas, MAX_REPLICAS), hash: workload.hash, isParallel };
    const { create, remove } = planOrdinals(goal, workload.pods);
    for (const pod of remove) this.remove(pod);
    for (const ordinal of create) this.#make(workload, [String(ordinal)]);
  }

  #make({ object, stored, hash, shape }: Workload, suffixes: readonly string[]): void {
    const { kind, apiVersion, meta, spec } = object;
    const name = generatedName(meta.name, ...suffixes);
    const isStateful = kind === 'StatefulSet';
    const ordinal = suffixes[0] ?? '';
    const labels = isStateful
      ? { 'statefulset.kubernetes.io/pod-name': name, 'apps.kubernetes.io/pod-index': ordinal }
      : {};
    const pod = makePod({
      cluster: this.#store.cluster,
      namespace: meta.namespace,
      name,
      owner: { kind, name: meta.name, uid: stored.uid, apiVersion },
      template: spec.template,
      labels: { [TEMPLATE_HASH_LABEL]: hash, ...labels },
      ...(isStateful ? { subdomain: (spec as ConfigObjectOf<'StatefulSet'>['spec']).serviceName } : {}),
    });
    this.#store.set(pod);
    this.#store.patch(pod, admissionOf(shape));
  }

  /** Pods that people write themselves. */
  #admit(pod: PodView): void {
    const { labels, annotations } = pod.base.meta;
    const shape = this.#shapeOf(pod.namespace, { metadata: { labels, annotations }, spec: pod.spec });
    this.#store.patch(pod.raw, admissionOf(shape));
  }

  #shapeOf(namespace: string, template: PodTemplate): PodShape {
    const services = this.#store.list('Service').filter(({ meta }) => meta.namespace === namespace);
    const namespaceLabels = this.#store.get('Namespace', '', namespace)?.meta.labels ?? {};
    return podShapeOf(template, { namespace, namespaceLabels, services });
  }
}
