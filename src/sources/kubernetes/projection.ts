/**
 * What is kept of objects that an API server has: the fields that the mesh reads. A cluster of 10,000 pods has some 100 MB of
 * pods, of which a tenth is read; what is left out costs no memory, and a change of it is no change.
 */
type Plain = Readonly<Record<string, unknown>>;

/** The document with what the mesh reads of it; undefined where nothing of it is read. */
export type Projection = (document: Plain) => Plain | undefined;

/** kubectl's copy of the whole object. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
/** Annotations of these names may be read; others of a pod (checksums, times, networks of plugins) are not. */
const OUR_ANNOTATION = /^([a-z0-9.-]+\.)?(istio\.io|pelagos\.dev)\//;
/** Where a node is: the other labels of nodes are for schedulers. */
const PLACE_LABEL = /^(topology\.|failure-domain\.)/;
/** The keys that gateways read, of Kubernetes' and of Istio's older form. */
const GATEWAY_KEYS: ReadonlySet<string> = new Set(['tls.crt', 'tls.key', 'ca.crt', 'cert', 'key', 'cacert']);
/** Istio's label on a Secret that holds a kubeconfig: that is no gateway's. */
const REMOTE_SECRET_LABEL = 'istio/multiCluster';

/** Everything but what servers and tools keep about it for themselves. */
export function projectConfig(document: Plain): Plain {
  const { status: _status, ...rest } = document;
  return { ...rest, metadata: metadataOf(document) };
}

export function projectLabels(document: Plain): Plain {
  return { ...headOf(document), metadata: metadataOf(document, OUR_ANNOTATION) };
}

/** Of a node only where it is: its heartbeats change nothing. */
export function projectNode(document: Plain): Plain {
  const { labels, ...metadata } = metadataOf(document, OUR_ANNOTATION);
  return { ...headOf(document), metadata: { ...metadata, labels: filtered(labels, PLACE_LABEL) } };
}

export function projectService(document: Plain): Plain {
  const { loadBalancer } = record(document['status']);
  return {
    ...headOf(document),
    metadata: metadataOf(document),
    spec: document['spec'],
    ...(loadBalancer === undefined ? {} : { status: { loadBalancer } }),
  };
}

export function projectSlice(document: Plain): Plain {
  const endpoints = list(document['endpoints']).map((endpoint) => {
    const { hints: _hints, targetRef, ...rest } = endpoint;
    return { ...rest, ...(targetRef === undefined ? {} : { targetRef: pick(targetRef, 'kind', 'namespace', 'name') }) };
  });
  return {
    ...headOf(document),
    metadata: metadataOf(document, OUR_ANNOTATION),
    addressType: document['addressType'],
    endpoints,
    // Kubernetes writes null for none.
    ports: document['ports'] ?? [],
  };
}

/**
 * A pod of the host's network keeps `hostNetwork`: its address is its node's and tells nothing of the pod. One that is being
 * deleted keeps `deletionTimestamp`.
 */
export function projectPod(document: Plain): Plain {
  const spec = record(document['spec']);
  const status = record(document['status']);
  const { annotations, ...metadata } = metadataOf(document, OUR_ANNOTATION);
  const conditions = list(status['conditions'])
    .filter(({ type }) => type === 'Ready')
    .map((condition) => pick(condition, 'type', 'status'));
  const owners = list(record(document['metadata'])['ownerReferences']);
  return {
    ...headOf(document),
    metadata: {
      ...metadata,
      annotations,
      ...(owners.length === 0
        ? {}
        : { ownerReferences: owners.map((owner) => pick(owner, 'apiVersion', 'kind', 'name', 'uid', 'controller')) }),
    },
    spec: {
      ...pick(spec, 'serviceAccountName', 'nodeName', 'hostNetwork', 'hostname', 'subdomain'),
      containers: list(spec['containers']).map(containerOf),
      ...(spec['initContainers'] === undefined
        ? {}
        : { initContainers: list(spec['initContainers']).map(containerOf) }),
    },
    status: { ...pick(status, 'phase', 'podIP', 'podIPs'), conditions },
  };
}

/** Only Secrets that a gateway can use, and of those only what it reads. */
export function projectSecret(document: Plain): Plain | undefined {
  const metadata = metadataOf(document, OUR_ANNOTATION);
  if (metadata.labels[REMOTE_SECRET_LABEL] !== undefined) return undefined;
  const data = Object.entries(record(document['data'])).filter(([key]) => GATEWAY_KEYS.has(key));
  if (data.length === 0) return undefined;
  return { ...headOf(document), metadata, type: document['type'], data: Object.fromEntries(data) };
}

function containerOf(container: Plain): Plain {
  const ports = list(container['ports']).map((port) => pick(port, 'name', 'containerPort', 'protocol'));
  return { ...pick(container, 'name'), ...(ports.length > 0 ? { ports } : {}) };
}

function headOf(document: Plain): Plain {
  return pick(document, 'apiVersion', 'kind');
}

interface Metadata {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** The version is no part of it: an object that differs in nothing else has not changed. */
function metadataOf(document: Plain, annotations = /^/): Metadata {
  const metadata = record(document['metadata']);
  const { [LAST_APPLIED]: _copy, ...others } = record(metadata['annotations']) as Readonly<Record<string, string>>;
  return {
    ...pick(metadata, 'name', 'namespace', 'uid', 'generation', 'creationTimestamp', 'deletionTimestamp'),
    labels: record(metadata['labels']) as Readonly<Record<string, string>>,
    annotations: filtered(others, annotations),
  };
}

function filtered(map: Readonly<Record<string, string>>, keys: RegExp): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(map).filter(([key]) => keys.test(key)));
}

function pick(from: unknown, ...names: readonly string[]): Plain {
  const values = record(from);
  const kept: Record<string, unknown> = {};
  for (const name of names) if (values[name] !== undefined) kept[name] = values[name];
  return kept;
}

function list(value: unknown): readonly Plain[] {
  return Array.isArray(value) ? value.map(record) : [];
}

function record(value: unknown): Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Plain) : {};
}
