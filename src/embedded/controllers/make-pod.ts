import { createHash, randomInt } from 'node:crypto';
import type { PodTemplate } from '../../config/index.ts';
import type { ClusterId, RawObject } from '../../model/index.ts';
import { toRawObject } from '../../sources/index.ts';
import { PORTS_ANNOTATION, PROXY_ANNOTATION, TLS_MODE_LABEL } from './annotations.ts';
import { formatPorts, type PodShape } from './pod-shape.ts';
import type { PodOwner } from './pod-view.ts';

/** Kubernetes' alphabet of generated names: no vowels and nothing that looks like something else. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
/** Names of pods become host names. */
const MAX_NAME = 63;

/** `x7k2p`: what generated names end in. */
export function randomSuffix(): string {
  return Array.from({ length: 5 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/** `service-5d9c7b8f4-x7k2p`, with the owner's name cut where it is too long. */
export function generatedName(owner: string, ...suffixes: readonly string[]): string {
  const tail = suffixes.map((suffix) => `-${suffix}`).join('');
  return `${owner.slice(0, MAX_NAME - tail.length).replace(/[^a-z0-9]+$/, '')}${tail}`;
}

/** The version of a template: the same text for equal templates and shapes, however their keys are ordered. */
export function templateHashOf(template: PodTemplate, shape: PodShape): string {
  const digest = createHash('sha256')
    .update(JSON.stringify(sorted([template, shape])))
    .digest();
  return Array.from(digest.subarray(0, 10), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, item]) => [key, sorted(item)]);
}

/** All that a pod is made of. */
export interface PodRecipe {
  readonly cluster: ClusterId;
  readonly namespace: string;
  readonly name: string;
  readonly owner: PodOwner & { readonly apiVersion: string };
  readonly template: PodTemplate;
  /** Labels beside the template's. */
  readonly labels: Readonly<Record<string, string>>;
  /** A stateful pod's own DNS name is `<hostname>.<subdomain>`. */
  readonly subdomain?: string;
}

/** A pod of a template, as a controller of Kubernetes makes it. */
export function makePod(recipe: PodRecipe): RawObject {
  const { cluster, namespace, name, owner, template, subdomain } = recipe;
  const { apiVersion, kind, uid } = owner;
  const body = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: { ...template.metadata?.labels, ...recipe.labels },
      ...(template.metadata?.annotations ? { annotations: template.metadata.annotations } : {}),
      ownerReferences: [{ apiVersion, kind, name: owner.name, uid, controller: true, blockOwnerDeletion: true }],
    },
    spec: {
      ...template.spec,
      serviceAccountName: template.spec.serviceAccountName ?? 'default',
      nodeName: nodeNameOf(cluster),
      ...(subdomain === undefined ? {} : { hostname: name, subdomain }),
    },
  };
  const raw = toRawObject(body, { cluster, origin: { kind: 'generated', by: `${kind} ${namespace}/${owner.name}` } });
  if ('problem' in raw) throw new Error(`a pod of ${kind} ${owner.name} cannot be made: ${raw.problem}`);
  return raw;
}

/** Each cluster on this machine has one node. */
export function nodeNameOf(cluster: ClusterId): string {
  return `${cluster}-node`;
}

/** What is laid over a pod when it is let in: the decision about its proxy and its ports, as Istio's injector labels it. */
export function admissionOf(shape: PodShape): {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
} {
  return {
    labels: shape.proxy === 'none' ? {} : { [TLS_MODE_LABEL]: 'istio' },
    annotations: { [PROXY_ANNOTATION]: shape.proxy, [PORTS_ANNOTATION]: formatPorts(shape.ports) },
  };
}
