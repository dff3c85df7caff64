import type { WorkloadName } from '../../../src/cases/index.ts';
import type { AppSite, ProxySite, Target, World } from '../../../src/simulate/index.ts';
import type { OfflineCluster } from './offline-cluster.ts';
import type { OfflineFleet, OfflineProxy } from './offline-fleet.ts';
import type { PlannedPod } from './planned-pod.ts';

/** The secret that every proxy has: its workload's own certificate. */
const WORKLOAD_SECRET = 'default';

/** Who listens where in a fleet on paper. */
export function offlineWorld(fleet: OfflineFleet): World {
  const sockets = new Map<string, Target>();
  const behind = new Map<string, AppSite>();
  for (const { cluster, pod, key } of allPods(fleet)) {
    for (const [port, socket] of pod.app)
      behind.set(`${key} ${socket.address}:${socket.port}`, appOf(cluster, pod, port));
    for (const [port, { address, port: real }] of pod.bound) {
      const target: Target =
        pod.view.proxy === 'none'
          ? { kind: 'app', app: appOf(cluster, pod, port) }
          : { kind: 'proxy', proxy: key, ...redirection(pod) };
      sockets.set(`${address}:${real}`, target);
    }
  }
  for (const { host, ports } of fleet.config.outside) {
    for (const { port } of ports) sockets.set(`${host}:${port}`, { kind: 'app', app: outsideApp(host, port) });
  }
  return {
    proxy: (key) => {
      const proxy = fleet.proxies.get(key);
      return proxy && siteOf(proxy);
    },
    connect: (from, address, port) => {
      const app = behind.get(`${from} ${address}:${port}`);
      return app ? { kind: 'app', app } : sockets.get(`${address}:${port}`);
    },
  };
}

function redirection({ view, interception }: PlannedPod): { readonly redirectedTo?: number } {
  return view.proxy === 'sidecar' && interception.kind === 'redirect' ? { redirectedTo: interception.inboundPort } : {};
}

function siteOf({ resources, pod, identity }: OfflineProxy): ProxySite {
  return {
    resources,
    address: pod.address,
    certificate: (secret) => (secret === WORKLOAD_SECRET ? { uris: [identity], dnsNames: [] } : undefined),
  };
}

interface PodPlace {
  readonly cluster: OfflineCluster;
  readonly pod: PlannedPod;
  readonly key: string;
}

function allPods(fleet: OfflineFleet): readonly PodPlace[] {
  return fleet.clusters.flatMap((cluster) =>
    cluster.pods.map((pod) => ({
      cluster,
      pod,
      key: `${cluster.config.name}/${pod.view.namespace}/${pod.view.name}`,
    })),
  );
}

/** What the echo application of a pod says of itself. */
function appOf({ config }: OfflineCluster, { view, address }: PlannedPod, port: number): AppSite {
  const { name, namespace, labels } = view;
  const fields = {
    cluster: config.name,
    namespace,
    pod: name,
    app: labels['app'] ?? view.owner?.name ?? name,
    ...(labels['version'] ? { version: labels['version'] } : {}),
  };
  return { address, port, fields, tls: false };
}

function outsideApp(host: string, port: number): AppSite {
  return { address: host, port, fields: { cluster: 'outside', pod: host }, tls: false };
}

/** The first pod of a workload. @throws where there is none. */
export function podOf(fleet: OfflineFleet, wanted: WorkloadName): PodPlace {
  const [kind = '', name] = wanted.workload.split('/');
  const found = allPods(fleet).find(({ cluster, pod: { view } }) => {
    if (cluster.config.name !== wanted.cluster || view.namespace !== wanted.namespace) return false;
    if (name === undefined || kind === 'pod') return view.name === (name ?? kind);
    return view.owner?.kind.toLowerCase() === kind.toLowerCase() && view.owner.name === name;
  });
  if (!found) throw new Error(`there is no pod of ${wanted.workload} in ${wanted.cluster}/${wanted.namespace}`);
  return found;
}
