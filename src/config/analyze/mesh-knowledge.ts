import { type ClusterId, hostnameCovers, parseHostname } from '../../model/index.ts';
import type { ObjectIndex } from '../object-store.ts';

/** What an analysis must know of the mesh beyond the objects of one cluster. */
export interface MeshKnowledge {
  /** Can workloads of this namespace call the host, as configuration spells it (short or in full)? */
  hostExists(host: string, namespace: string): boolean;
  /** The ports of that host; undefined where they are not known. */
  portsOf?(host: string, namespace: string): readonly number[] | undefined;
  /** Names to suggest in place of one that does not exist. */
  hostNames?(): Iterable<string>;
  /** Does the namespace exist in any cluster? Not given: nobody knows. */
  namespaceExists?(namespace: string): boolean;
}

/**
 * One spelling for all names of a Kubernetes service: `reviews`, `reviews.default.svc` and
 * `reviews.default.svc.cluster.local` are `reviews.default`. Other names stay as they are.
 */
export function canonicalHost(host: string, namespace: string): string {
  const name = parseHostname(host).replace(/\.svc(?:\.cluster\.local)?$/, '');
  return name.includes('.') || name.startsWith('*') ? name : `${name}.${namespace}`;
}

/**
 * What the objects of the clusters themselves say about hosts: Services, ServiceEntries, and names that end in the name
 * of a member cluster.
 */
export function knowledgeOf(indexes: readonly ObjectIndex[], clusters: readonly ClusterId[]): MeshKnowledge {
  const ports = new Map<string, Set<number>>();
  const wildcards: string[] = [];
  const namespaces = new Set<string>();
  const note = (host: string, numbers: readonly number[]): void => {
    const known = ports.get(host) ?? new Set();
    for (const number of numbers) known.add(number);
    ports.set(host, known);
    if (host.startsWith('*')) wildcards.push(host);
  };
  for (const index of indexes) {
    for (const { ref } of index.ofKind('Namespace')) namespaces.add(ref.name);
    for (const { ref, spec } of index.ofKind('Service')) {
      note(
        `${ref.name}.${ref.namespace}`,
        spec.ports.map(({ port }) => port),
      );
    }
    for (const { ref, spec } of index.ofKind('ServiceEntry')) {
      const numbers = (spec.ports ?? []).map(({ number }) => number);
      for (const host of spec.hosts) note(canonicalHost(host, ref.namespace), numbers);
    }
  }
  const serviceNames = new Set([...ports.keys()].map((host) => host.split('.')[0] ?? ''));
  const find = (host: string, namespace: string): readonly number[] | undefined => {
    const name = canonicalHost(host, namespace);
    const exact = ports.get(name);
    if (exact) return [...exact];
    const pattern = wildcards.find((wildcard) => hostnameCovers(parseHostname(wildcard), parseHostname(name)));
    return pattern === undefined ? undefined : [...(ports.get(pattern) ?? [])];
  };
  const isClusterName = (host: string): boolean => {
    const labels = parseHostname(host).split('.');
    return (
      labels.length >= 2 && clusters.some((cluster) => cluster === labels.at(-1)) && serviceNames.has(labels[0] ?? '')
    );
  };
  return {
    hostExists: (host, namespace) => find(host, namespace) !== undefined || isClusterName(host),
    portsOf: find,
    hostNames: () => ports.keys(),
    ...(namespaces.size > 0 ? { namespaceExists: (namespace: string) => namespaces.has(namespace) } : {}),
  };
}
