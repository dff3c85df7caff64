import type { ClusterId, ObjectMeta, ObjectRef, Origin, RawObject } from '../../model/index.ts';

/** Kinds that have no namespace; of any other kind an object without one is in `default`, as with kubectl. */
const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  'APIService',
  'CertificateSigningRequest',
  'ClusterRole',
  'ClusterRoleBinding',
  'CSIDriver',
  'CSINode',
  'CustomResourceDefinition',
  'GatewayClass',
  'IngressClass',
  'MutatingWebhookConfiguration',
  'Namespace',
  'Node',
  'PersistentVolume',
  'PriorityClass',
  'RuntimeClass',
  'StorageClass',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'ValidatingWebhookConfiguration',
  'VolumeAttachment',
]);

/** Namespace of objects that name none. */
export const DEFAULT_NAMESPACE = 'default';

/** Where an object was found. */
export interface Found {
  readonly cluster: ClusterId;
  readonly origin: Origin;
  readonly positionOf?: NonNullable<RawObject['positionOf']>;
}

/**
 * Makes an object of plain data, checking nothing but that it says what it is.
 * @returns the problem as text where it does not.
 */
export function toRawObject(body: unknown, found: Found): RawObject | { readonly problem: string } {
  if (!isRecord(body)) return { problem: `it is ${describe(body)}, not a map of fields` };
  const { apiVersion, kind, metadata } = body;
  if (!isName(kind)) return { problem: missing('kind', kind) };
  if (!isName(apiVersion)) return { problem: missing('apiVersion', apiVersion) };
  const name = isRecord(metadata) ? metadata['name'] : undefined;
  if (!isName(name)) return { problem: missing('metadata.name', name) };
  const meta = readMeta(metadata as Record<string, unknown>, name, { kind, origin: found.origin });
  const ref: ObjectRef = { cluster: found.cluster, kind, namespace: meta.namespace, name };
  const { origin, positionOf } = found;
  return { ref, apiVersion, meta, body, origin, ...(positionOf ? { positionOf } : {}) };
}

function readMeta(
  metadata: Record<string, unknown>,
  name: string,
  { kind, origin }: { readonly kind: string; readonly origin: Origin },
): ObjectMeta {
  const given = metadata['namespace'];
  const namespace = isName(given) ? given : DEFAULT_NAMESPACE;
  const created = metadata['creationTimestamp'];
  const uid = metadata['uid'];
  const createdAtMs = typeof created === 'string' ? Date.parse(created) : Number.NaN;
  return {
    name,
    namespace: CLUSTER_SCOPED.has(kind) ? '' : namespace,
    labels: textsOf(metadata['labels']),
    annotations: textsOf(metadata['annotations']),
    createdAtMs: Number.isFinite(createdAtMs) ? createdAtMs : 0,
    ...(origin.kind === 'kubernetes' && isName(uid) ? { uid } : {}),
  };
}

/** Values that are no texts are left out here; the schema of the kind reports them. */
function textsOf(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function missing(field: string, value: unknown): string {
  return value === undefined || value === null || value === ''
    ? `${field} is missing`
    : `${field} is ${describe(value)}, not a text`;
}

/** Is the value a map of fields? */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return `the ${typeof value === 'string' ? 'text' : typeof value} ${JSON.stringify(value).slice(0, 60)}`;
}
