import type { ConfigObjectOf, PodSpec } from '../../config/index.ts';
import type { RawObject, SocketAddress } from '../../model/index.ts';
import type { ProxyKind } from '../network/pod-network.ts';
import type { StoredObject } from '../store/stored-object.ts';
import { PORTS_ANNOTATION, PROXY_ANNOTATION, SOCKETS_ANNOTATION, TEMPLATE_HASH_LABEL } from './annotations.ts';
import { parsePorts, type ShapedPort } from './pod-shape.ts';

/** Who made a pod, by Kubernetes' ownerReferences. */
export interface PodOwner {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** A pod, read for controllers. */
export interface PodView {
  readonly raw: RawObject;
  /** As its author wrote it: what it is started from. */
  readonly base: RawObject;
  readonly spec: PodSpec;
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
  readonly owner?: PodOwner;
  /** Version of its owner's template; empty where it has no owner. */
  readonly hash: string;
  /** Not given before the pod was let in (see {@link PodShape}). */
  readonly proxy?: ProxyKind;
  readonly ports: readonly ShapedPort[];
  /** Container port to real socket. */
  readonly sockets: ReadonlyMap<number, SocketAddress>;
  readonly address: string;
  readonly phase: string;
  readonly isReady: boolean;
  readonly isTerminating: boolean;
}

/** @returns undefined for what is no pod of Kubernetes' core. */
export function podViewOf(stored: StoredObject): PodView | undefined {
  const { raw, base, object, uid } = stored;
  if (object?.kind !== 'Pod') return undefined;
  const { spec, status } = object as ConfigObjectOf<'Pod'>;
  const { labels, annotations, name, namespace, createdAtMs } = raw.meta;
  const owner = ownerOf(raw);
  const proxy = annotations[PROXY_ANNOTATION];
  return {
    raw,
    base,
    spec,
    uid,
    name,
    namespace,
    labels,
    annotations,
    createdAtMs,
    ...(owner ? { owner } : {}),
    hash: labels[TEMPLATE_HASH_LABEL] ?? '',
    ...(proxy === 'sidecar' || proxy === 'gateway' || proxy === 'none' ? { proxy } : {}),
    ports: parsePorts(annotations[PORTS_ANNOTATION]),
    sockets: parseSockets(annotations[SOCKETS_ANNOTATION]),
    address: status?.podIP ?? '',
    phase: status?.phase ?? 'Pending',
    isReady: (status?.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True'),
    isTerminating: stored.overlay.deletionTimestamp !== undefined,
  };
}

/** Has the pod come to its end? (Jobs) */
export function isFinished({ phase }: PodView): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

function ownerOf(raw: RawObject): PodOwner | undefined {
  const metadata = raw.body['metadata'] as { readonly ownerReferences?: unknown } | undefined;
  const [first] = Array.isArray(metadata?.ownerReferences) ? metadata.ownerReferences : [];
  if (typeof first !== 'object' || first === null) return undefined;
  const { kind, name, uid } = first as Partial<Record<string, unknown>>;
  if (typeof kind !== 'string' || typeof name !== 'string' || typeof uid !== 'string') return undefined;
  return { kind, name, uid };
}

/** As the annotation of a pod has it. */
export function formatSockets(sockets: ReadonlyMap<number, SocketAddress>): string {
  return JSON.stringify(
    Object.fromEntries([...sockets].map(([port, socket]) => [port, `${socket.address}:${socket.port}`])),
  );
}

function parseSockets(text: string | undefined): ReadonlyMap<number, SocketAddress> {
  const sockets = new Map<number, SocketAddress>();
  let value: unknown;
  try {
    value = JSON.parse(text ?? '{}');
  } catch {
    return sockets;
  }
  for (const [port, socket] of Object.entries(value ?? {})) {
    const match = /^([0-9a-fA-F.:]+):(\d{1,5})$/.exec(String(socket));
    if (match) sockets.set(Number(port), { address: match[1] ?? '', port: Number(match[2]) });
  }
  return sockets;
}
