import type { Logger } from 'pino';
import type { ApiServer } from '../../kubernetes-api/index.ts';
import type { DnsNames, ServiceImports } from '../../mesh/index.ts';
import type { ClusterId } from '../../model/index.ts';
import { CoreDnsZones, type ZonesFrom } from './core-dns-zones.ts';
import { ImportedServices } from './imported-services.ts';

/** What may be declined, each by itself. */
export interface NameSettings {
  /** Are the mesh's zones kept in the ConfigMap kube-system/coredns? */
  readonly coreDns: boolean;
  /** Does a service that only other clusters have get a Service here? */
  readonly imports: boolean;
}

export interface ClusterNamesOptions {
  readonly api: ApiServer;
  readonly cluster: ClusterId;
  readonly mesh: { readonly names: DnsNames; readonly imports: ServiceImports };
  readonly settings: NameSettings;
  /** The DNS Service of the control plane, where it is in this cluster. */
  readonly service: { readonly namespace: string; readonly name: string } | undefined;
  /** Have all members been read since this control plane was started? */
  readonly isComplete: () => boolean;
  readonly log: Logger;
  readonly now: () => number;
}

/**
 * Keeps the mesh's names in one cluster that this control plane serves: its own, or a remote one. One leader does so at a
 * time, from when the cluster has been read. @returns how to end it, which leaves everything in place.
 */
export function keepClusterNames(options: ClusterNamesOptions): () => Promise<void> {
  const { api, cluster, mesh, settings, service, isComplete, log, now } = options;
  const from: ZonesFrom = service ? { kind: 'service', ...service } : { kind: 'inline', isComplete };
  const tasks = [
    ...(settings.coreDns ? [new CoreDnsZones({ api, cluster, names: mesh.names, from, log, now })] : []),
    ...(settings.imports ? [new ImportedServices({ api, cluster, imports: mesh.imports, isComplete, log })] : []),
  ];
  return async () => {
    await Promise.all(tasks.map((task) => task.stop()));
  };
}
