/** The parts of a Kubernetes Pod that injection reads or writes; every other field passes through as it is. */

export interface Pod {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: PodMeta;
  readonly spec: PodSpec;
  readonly [field: string]: unknown;
}

export interface PodMeta {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly labels?: Texts;
  readonly annotations?: Texts;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly [field: string]: unknown;
}

export interface OwnerReference {
  readonly kind: string;
  readonly name: string;
  readonly controller?: boolean;
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly hostNetwork?: boolean;
  readonly dnsPolicy?: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext?: Fields;
  readonly imagePullSecrets?: readonly { readonly name: string }[];
  readonly [field: string]: unknown;
}

export interface Volume {
  readonly name: string;
  readonly [field: string]: unknown;
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly ports?: readonly ContainerPort[];
  readonly restartPolicy?: string;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly startupProbe?: Probe;
  readonly lifecycle?: Lifecycle;
  readonly [field: string]: unknown;
}

export interface ContainerPort {
  readonly containerPort: number;
  readonly name?: string;
  readonly protocol?: string;
}

export interface Probe {
  readonly httpGet?: HttpGet;
  readonly tcpSocket?: { readonly port: number | string; readonly host?: string };
  readonly grpc?: { readonly port: number; readonly service?: string };
  /** Seconds. */
  readonly timeoutSeconds?: number;
  readonly periodSeconds?: number;
  readonly [field: string]: unknown;
}

export interface HttpGet {
  readonly path?: string;
  readonly port: number | string;
  readonly host?: string;
  readonly scheme?: string;
  readonly httpHeaders?: readonly { readonly name: string; readonly value: string }[];
}

export interface Lifecycle {
  readonly preStop?: LifecycleHandler;
  readonly postStart?: LifecycleHandler;
  readonly [field: string]: unknown;
}

export interface LifecycleHandler {
  readonly httpGet?: HttpGet;
  readonly [field: string]: unknown;
}

export type Texts = Readonly<Record<string, string>>;
export type Fields = Readonly<Record<string, unknown>>;

/** The container that holds Envoy, and the one that redirects; Istio's names. */
export const PROXY_CONTAINER = 'istio-proxy';
export const INIT_CONTAINER = 'istio-init';

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Takes plain data as a pod where it has the shape of one. What the API server sends has been checked by it; a file that
 * a person gives has not.
 * @returns what is wrong, as text, where it has not.
 */
export function parsePod(value: unknown): Pod | string {
  if (!isRecord(value)) return 'it is not a map of fields';
  const { metadata = {}, spec } = value;
  if (!isRecord(metadata)) return 'metadata is not a map of fields';
  for (const field of ['labels', 'annotations']) {
    if (!isTexts(metadata[field] ?? {})) return `metadata.${field} is not a map of texts`;
  }
  if (!isRecord(spec)) return 'spec is missing';
  const lists = [spec['containers'], spec['initContainers'] ?? [], spec['volumes'] ?? []];
  if (!lists.every(isNamedList)) return 'spec.containers, initContainers or volumes is not a list of things with names';
  return { ...value, metadata, spec } as unknown as Pod;
}

function isTexts(value: unknown): boolean {
  return isRecord(value) && Object.values(value).every((each) => typeof each === 'string');
}

function isNamedList(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => isRecord(each) && typeof each['name'] === 'string');
}

/** All containers that run for as long as the pod: the main ones, and native sidecars. */
export function longRunning(spec: PodSpec): readonly Container[] {
  return [...spec.containers, ...(spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')];
}
