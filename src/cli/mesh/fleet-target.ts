import { AdminClient } from '../../proxies/index.ts';
import { notFoundError } from '../cli-error.ts';
import type { CommandCall } from '../command-spec.ts';
import { connectFleet } from '../find-fleet.ts';
import type { FleetClient } from '../fleet-client.ts';
import { findPod, parseTarget } from '../target.ts';
import type { MeshProxy, MeshTarget } from './mesh-target.ts';

/** The running fleet that a command is about. */
export function fleetTarget(call: CommandCall): MeshTarget {
  const client = connectFleet(call);
  return {
    kind: 'fleet',
    proxies: (wanted) => proxiesOf(client, call, wanted),
    reach: async (wanted) => {
      const { cluster, pod } = await findPod(client, call, wanted);
      const { adminSocket } = await client.pod(cluster, pod.namespace, pod.name);
      if (adminSocket !== undefined)
        return { pod: pod.name, namespace: pod.namespace, admin: new AdminClient(adminSocket) };
      throw notFoundError(
        `the pod ${pod.name} has no Envoy`,
        'It is not in the mesh.',
        `Label its namespace \`istio-injection=enabled\` (Namespace ${pod.namespace}), or choose another pod.`,
      );
    },
  };
}

/** Those of `--context` and `-n` where they are given, and of `wanted`. */
async function proxiesOf(
  client: FleetClient,
  { options }: CommandCall,
  wanted: string | undefined,
): Promise<readonly MeshProxy[]> {
  const context = options.text('context');
  const namespace = options.text('namespace');
  const connected = await client.proxies();
  const all = connected
    .map((proxy) => ({ ...proxy, istiod: `istiod.${proxy.controlPlane}` }))
    .filter(
      (proxy) =>
        (context === undefined || proxy.cluster === context) &&
        (namespace === undefined || proxy.namespace === namespace),
    );
  if (wanted === undefined) return all;
  const target = parseTarget(wanted);
  const owned = target.kind === 'owner' ? await podsOf(client, target.owner) : [];
  return all.filter((proxy) => {
    if (target.kind === 'owner') return owned.includes(`${proxy.cluster}/${proxy.namespace}/${proxy.pod}`);
    return [proxy.id, proxy.pod, `${proxy.pod}.${proxy.namespace}`].includes(target.name);
  });
}

async function podsOf(client: FleetClient, owner: string): Promise<readonly string[]> {
  const { clusters } = await client.status();
  return clusters.flatMap((cluster) =>
    cluster.pods.filter((pod) => pod.owner === owner).map((pod) => `${cluster.name}/${pod.namespace}/${pod.name}`),
  );
}
