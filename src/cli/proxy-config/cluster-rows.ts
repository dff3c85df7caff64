import { textAt } from '../objects/body.ts';
import { type Dumped, originOf } from './config-dump.ts';
import { addressOf, parseClusterName } from './filter.ts';

export const CLUSTER_HEADINGS: readonly string[] = [
  'SERVICE FQDN',
  'PORT',
  'SUBSET',
  'DIRECTION',
  'TYPE',
  'DESTINATION RULE',
];
export const ENDPOINT_HEADINGS: readonly string[] = ['ENDPOINT', 'STATUS', 'OUTLIER CHECK', 'CLUSTER'];

/** As istioctl shows clusters: `-` for what a cluster has not. */
export function clusterRow(cluster: Dumped): readonly string[] {
  const { host, port, subset, direction } = parseClusterName(textAt(cluster, 'name'));
  // STATIC is the zero value, which JSON leaves out.
  const type =
    textAt(cluster, 'cluster_type', 'name').split('.').at(-1)?.toUpperCase() || textAt(cluster, 'type') || 'STATIC';
  return [host, port || '-', subset || '-', direction || '-', type, originOf(cluster)];
}

/** One host of `/clusters?format=json`, in the cluster that has it. */
export interface DumpedEndpoint {
  readonly cluster: string;
  /** `127.0.0.1:8080`, `unix://path`, `envoy://listener/id`. */
  readonly endpoint: string;
  readonly address: string;
  readonly port: string;
  readonly status: string;
  readonly outlier: 'OK' | 'FAILED';
}

/** Reads a `host_status` (envoy.admin.v3.HostStatus). */
export function parseEndpoint(cluster: string, host: unknown): DumpedEndpoint {
  const { address, port } = addressOf(host);
  const health = (field: string): string => textAt(host, 'health_status', field);
  const hasFailed = health('failed_active_health_check') === 'true';
  return {
    cluster,
    endpoint: port === '' ? address : `${address.includes(':') ? `[${address}]` : address}:${port}`,
    address,
    port,
    status: hasFailed ? 'UNHEALTHY' : health('eds_health_status') || 'HEALTHY',
    outlier: health('failed_outlier_check') === 'true' ? 'FAILED' : 'OK',
  };
}

export function endpointRow({ endpoint, status, outlier, cluster }: DumpedEndpoint): readonly string[] {
  return [endpoint, status, outlier, cluster];
}
