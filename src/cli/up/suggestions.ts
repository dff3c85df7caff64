import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { FleetStatus, PodStatus } from '../../embedded/fleet-api.ts';
import type { FleetClient } from '../fleet-client.ts';
import { textAt } from '../objects/body.ts';

/** How this user calls the command: by npx where npm started it or it is not on the PATH. */
export function commandName(env: Readonly<Record<string, string | undefined>>): string {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const isOnPath = folders.some((folder) => existsSync(join(folder, 'pelagos')));
  return env['npm_command'] !== undefined || !isOnPath ? 'npx pelagos' : 'pelagos';
}

/** Three commands worth trying, made of what this fleet has. */
export async function suggestCommands(client: FleetClient, status: FleetStatus): Promise<readonly string[]> {
  const [cluster, ...others] = status.clusters;
  const caller =
    cluster?.pods.find((pod) => pod.proxy === 'sidecar' && pod.ready) ??
    cluster?.pods.find((pod) => pod.proxy !== 'gateway');
  if (!cluster || !caller) return ['pelagos status', 'pelagos get all -A', 'pelagos proxy-status'];
  const target = `${caller.namespace === 'default' ? '' : `-n ${caller.namespace} `}${caller.owner || caller.name}`;
  const url =
    (await serviceUrl(
      client,
      others.map(({ name }) => name),
      caller,
    )) ?? (await ownUrl(client, cluster.name, caller));
  const call = url ? [`pelagos --context ${cluster.name} exec ${target} -- curl -s ${url}`] : [];
  const endpoints =
    caller.proxy === 'none'
      ? 'pelagos get all -A'
      : `pelagos --context ${cluster.name} proxy-config endpoints ${target}`;
  return [...call, endpoints, 'pelagos status'];
}

/** A service of another cluster, in the namespace of the caller: named there by `service.<cluster>`. */
async function serviceUrl(
  client: FleetClient,
  clusters: readonly string[],
  caller: PodStatus,
): Promise<string | undefined> {
  for (const cluster of clusters) {
    const service = await firstService(client, cluster, caller.namespace);
    if (service) return `http://${service}.${cluster}`;
  }
  return undefined;
}

async function ownUrl(client: FleetClient, cluster: string, caller: PodStatus): Promise<string | undefined> {
  const service = await firstService(client, cluster, caller.namespace);
  return service && `http://${service}`;
}

async function firstService(client: FleetClient, cluster: string, namespace: string): Promise<string | undefined> {
  const { items } = await client.objects(cluster, 'Service', namespace);
  return items.map(({ body }) => textAt(body, 'metadata', 'name')).find((name) => name !== '' && name !== 'kubernetes');
}
