import type { FleetStatus } from '../../embedded/fleet-api.ts';
import type { FleetClient } from '../fleet-client.ts';
import { type Body, textAt } from '../objects/body.ts';
import { formatResourceName } from '../objects/kinds.ts';

/** Kinds that people write; what controllers make of them is told by pods. */
const WRITTEN_KINDS: readonly string[] = [
  'AuthorizationPolicy',
  'ConfigMap',
  'DaemonSet',
  'Deployment',
  'DestinationRule',
  'EnvoyFilter',
  'Gateway',
  'Job',
  'Namespace',
  'PeerAuthentication',
  'ProxyConfig',
  'RequestAuthentication',
  'Service',
  'ServiceEntry',
  'ServiceExport',
  'Sidecar',
  'StatefulSet',
  'Telemetry',
  'VirtualService',
  'WorkloadEntry',
  'WorkloadGroup',
];

/** What people wrote, by `cluster: kind/name`, as text to compare: without status and version. */
export type WrittenObjects = ReadonlyMap<string, string>;

/** Reads all objects that people write; those of a cluster that does not answer are left out. */
export async function readWritten(client: FleetClient, { clusters }: FleetStatus): Promise<WrittenObjects> {
  const written = new Map<string, string>();
  for (const { name } of clusters) {
    for (const kind of WRITTEN_KINDS) {
      const items = await client.objects(name, kind).then(
        (list) => list.items,
        () => [],
      );
      for (const { body } of items) written.set(titleOf(name, body), contentOf(body));
    }
  }
  return written;
}

function titleOf(cluster: string, body: Body): string {
  const namespace = textAt(body, 'metadata', 'namespace');
  const name = formatResourceName(textAt(body, 'kind'), textAt(body, 'metadata', 'name'), textAt(body, 'apiVersion'));
  return `${cluster}: ${name}${namespace === '' || namespace === 'default' ? '' : ` in ${namespace}`}`;
}

function contentOf(body: Body): string {
  const metadata = { ...((body['metadata'] ?? {}) as Body), resourceVersion: undefined };
  return JSON.stringify({ ...body, status: undefined, metadata });
}

/** A line for each object that is new, changed or gone. */
export function diffObjects(before: WrittenObjects, after: WrittenObjects): readonly string[] {
  const changed = [...after].flatMap(([title, content]) => {
    const known = before.get(title);
    if (known === content) return [];
    return [`${title} ${known === undefined ? 'created' : 'configured'}`];
  });
  return [...changed, ...[...before.keys()].filter((title) => !after.has(title)).map((title) => `${title} deleted`)];
}
