import type { Logger } from 'pino';
import {
  ApiError,
  type ApiServer,
  isNotFound,
  type KubernetesObject,
  type RequestOptions,
  resourcePath,
} from '../../kubernetes-api/index.ts';
import { IMPORTED_LABEL, type ImportedService, type ServiceImports } from '../../mesh/index.ts';
import type { ClusterId } from '../../model/index.ts';
import { RepeatedTask } from './repeated-task.ts';

const EVERY_MS = 2_000;
/**
 * A name must have been missing for so long before it is made. What is rolled out to several clusters comes to them within
 * seconds, and `kubectl apply` asks first and creates then: a stand-in made in between is its AlreadyExists.
 */
const SETTLE_MS = 5_000;
/** In one run; the others follow in the next, so that an API server is not flooded. */
const MAX_CHANGES = 100;

/** One step from the names that a cluster has to those that it should have. */
export type ImportStep =
  | { readonly kind: 'create' | 'update'; readonly service: ImportedService }
  | { readonly kind: 'remove'; readonly service: Pick<ImportedService, 'namespace' | 'name'> };

/** @param mayRemove false while some member is not read: what it has seems to be gone, and is not. */
export function importSteps(
  wanted: readonly ImportedService[],
  present: readonly ImportedService[],
  mayRemove: boolean,
): readonly ImportStep[] {
  const there = new Map(present.map((service) => [keyOf(service), service]));
  const needed = new Set(wanted.map(keyOf));
  const changes = wanted.flatMap((service): ImportStep[] => {
    const now = there.get(keyOf(service));
    if (!now) return [{ kind: 'create', service }];
    return portsText(now) === portsText(service) ? [] : [{ kind: 'update', service }];
  });
  const gone = present.filter((service) => !needed.has(keyOf(service)));
  return [...changes, ...(mayRemove ? gone.map((service): ImportStep => ({ kind: 'remove', service })) : [])];
}

/** Since when each of these is wanted without a break, by the caller's clock. @param before what was given the last time. */
export function wantedSince(
  wanted: readonly ImportedService[],
  before: ReadonlyMap<string, number>,
  nowMs: number,
): ReadonlyMap<string, number> {
  return new Map(wanted.map((service) => [keyOf(service), before.get(keyOf(service)) ?? nowMs]));
}

/** Without what is to be created and is wanted only since a moment. */
export function settledSteps(
  steps: readonly ImportStep[],
  since: ReadonlyMap<string, number>,
  nowMs: number,
): readonly ImportStep[] {
  const isSettled = (step: ImportStep): boolean => nowMs - (since.get(keyOf(step.service)) ?? nowMs) >= SETTLE_MS;
  return steps.filter((step) => step.kind !== 'create' || isSettled(step));
}

export interface ImportedServicesOptions {
  readonly api: ApiServer;
  readonly cluster: ClusterId;
  readonly imports: ServiceImports;
  /** Are all members read? */
  readonly isComplete: () => boolean;
  readonly log: Logger;
}

/**
 * Keeps a Service without a selector for each service that only other clusters have, as the leader of the control plane's
 * replicas. To be begun when the own cluster has been read. Never touches a Service that it did not make, or that has
 * got a selector since.
 */
export class ImportedServices {
  readonly #options: ImportedServicesOptions;
  readonly #task: RepeatedTask;
  #told = '';
  #since: ReadonlyMap<string, number> = new Map();

  constructor(options: ImportedServicesOptions) {
    this.#options = options;
    this.#task = new RepeatedTask({
      run: async (signal) => await this.#keep(signal),
      everyMs: EVERY_MS,
      onFailure: (error) => this.#failed(error),
    });
  }

  /** Leaves the Services where they are: another replica goes on. */
  async stop(): Promise<void> {
    await this.#task.stop();
  }

  async #keep(signal: AbortSignal): Promise<void> {
    const { imports, cluster, api, isComplete, log } = this.#options;
    const wanted = imports.wanted(cluster);
    const nowMs = performance.now();
    this.#since = wantedSince(wanted, this.#since, nowMs);
    const steps = importSteps(wanted, imports.present(cluster), isComplete());
    for (const step of settledSteps(steps, this.#since, nowMs).slice(0, MAX_CHANGES)) {
      if (signal.aborted) return;
      if (await take(api, step, { signal })) {
        const { namespace, name } = step.service;
        log.info(
          { cluster, service: `${namespace}/${name}`, step: step.kind },
          'a name for a service of other clusters',
        );
      }
    }
  }

  #failed(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error);
    if (text === this.#told) return;
    this.#told = text;
    this.#options.log.warn(
      { cluster: this.#options.cluster, reason: text },
      'names for services of other clusters cannot be kept',
    );
  }
}

/** Removes all of them, when the mesh is uninstalled. @returns how many. @throws ApiError. */
export async function removeImportedServices(api: ApiServer): Promise<number> {
  const path = resourcePath({ apiVersion: 'v1', resource: 'services' });
  const query = { labelSelector: `${IMPORTED_LABEL}=true` };
  const { items } = await api.get<{ readonly items: readonly KubernetesObject[] }>(path, { query });
  let removed = 0;
  for (const { metadata } of items) {
    const service = { namespace: metadata.namespace ?? '', name: metadata.name };
    if (await take(api, { kind: 'remove', service })) removed += 1;
  }
  return removed;
}

/**
 * The mesh's view may be some moments old, so everything is decided again on the object itself.
 * @returns whether something was changed. @throws ApiError.
 */
async function take(api: ApiServer, step: ImportStep, options: Pick<RequestOptions, 'signal'> = {}): Promise<boolean> {
  const { namespace, name } = step.service;
  const all = { apiVersion: 'v1', resource: 'services', namespace };
  const path = resourcePath({ ...all, name });
  try {
    if (step.kind === 'create') {
      await api.send('POST', resourcePath(all), manifestOf(step.service), options);
      return true;
    }
    const now = await api.get(path, options);
    if (!isOurs(now)) return false;
    if (step.kind === 'update') {
      const spec = { ...(now['spec'] as object), ports: portsOf(step.service) };
      await api.send('PUT', path, { ...now, spec }, options);
    } else {
      const { uid, resourceVersion } = now.metadata;
      await api.send('DELETE', path, { preconditions: { uid, resourceVersion } }, options);
    }
    return true;
  } catch (error) {
    // Gone already, made by somebody else meanwhile, or its namespace is going: the next run looks again.
    if (isNotFound(error) || (error instanceof ApiError && error.status === 409) || isEnding(error)) return false;
    throw error;
  }
}

/** Kubernetes refuses new objects in a namespace that is being deleted. */
function isEnding(error: unknown): boolean {
  return error instanceof ApiError && error.status === 403 && /being terminated/.test(error.message);
}

function isOurs({ metadata, ...rest }: KubernetesObject): boolean {
  const spec = rest['spec'] as { readonly selector?: object } | undefined;
  return metadata.labels?.[IMPORTED_LABEL] === 'true' && Object.keys(spec?.selector ?? {}).length === 0;
}

function manifestOf(service: ImportedService): KubernetesObject {
  const { namespace, name } = service;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name, labels: { [IMPORTED_LABEL]: 'true', 'app.kubernetes.io/managed-by': 'pelagos' } },
    spec: { type: 'ClusterIP', ports: portsOf(service) },
  };
}

function portsOf({ ports }: ImportedService): readonly object[] {
  return ports.map(({ name, ...port }) => (name === '' ? port : { name, ...port }));
}

function portsText({ ports }: ImportedService): string {
  return JSON.stringify(
    ports.map(({ name, port, protocol, appProtocol }) => [name, port, protocol, appProtocol ?? '']),
  );
}

function keyOf({ namespace, name }: Pick<ImportedService, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}
