import { join } from 'node:path';
import type { Interception, Locality } from '../../model/index.ts';
import type { PodView } from '../controllers/pod-view.ts';
import type { PodSockets } from '../network/pod-network.ts';
import type { KubeletContext } from './kubelet-context.ts';
import { podLogFolder } from './pod-programs.ts';
import { ProxyWorker } from './proxy-worker.ts';

/** Where a pod's Envoy is to be made. */
export interface ProxyPlace {
  readonly sockets: PodSockets;
  /** Of the pod's own: token, admin socket. */
  readonly folder: string;
  readonly context: KubeletContext;
}

const LOG_LEVELS: ReadonlySet<string> = new Set(['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off']);

/**
 * How to make the Envoy of a pod; undefined where it has none.
 * @returns a text where something is missing that may come yet.
 */
export function proxyOfPod(
  pod: PodView,
  { sockets, folder, context }: ProxyPlace,
): ((changed: () => void) => ProxyWorker) | string | undefined {
  if (pod.proxy !== 'sidecar' && pod.proxy !== 'gateway') return undefined;
  const { proxies, access, cluster } = context;
  if (proxies === undefined) return 'no Envoy was found on this machine';
  if (access === undefined) return 'there is no control plane for its proxy';
  const serviceAccount = pod.spec.serviceAccountName ?? 'default';
  const { store } = context;
  const accountUid = store.findStored({ kind: 'ServiceAccount', namespace: pod.namespace, name: serviceAccount })[0]
    ?.uid;
  if (accountUid === undefined)
    return `there is no service account ${serviceAccount} in the namespace ${pod.namespace}`;
  const subject = {
    namespace: pod.namespace,
    serviceAccount: { name: serviceAccount, uid: accountUid },
    pod: { name: pod.name, uid: pod.uid },
  };
  const locality: Locality = { region: cluster.region, zone: cluster.zone, subzone: '' };
  // Istio: sidecar.istio.io/logLevel, in Envoy's words.
  const logLevel = pod.annotations['sidecar.istio.io/logLevel'];
  const spec = {
    ...(logLevel && LOG_LEVELS.has(logLevel) ? { logLevel } : {}),
    name: `${cluster.name}/${pod.namespace}/${pod.name}/istio-proxy`,
    runtime: proxies,
    logFile: join(podLogFolder(context, pod), 'istio-proxy.log'),
    folder,
    access,
    facts: {
      kind: pod.proxy,
      cluster: cluster.name,
      network: cluster.network,
      namespace: pod.namespace,
      pod: pod.name,
      workload: pod.owner?.name ?? pod.name,
      serviceAccount,
      address: sockets.address,
      locality,
      interception: interceptionOf(sockets),
      gatewayBinds: sockets.gatewayBinds,
    },
    issueToken: () => context.issueToken(subject),
  } as const;
  return (changed) => new ProxyWorker(spec, changed);
}

/** A sidecar has a listener per port of its pod; a gateway takes its ports from Gateway objects. */
function interceptionOf(sockets: PodSockets): Interception {
  const inbound = [...sockets.app].flatMap(([port, app]) => {
    const bind = sockets.bound.get(port);
    return bind ? [{ port, bind, app }] : [];
  });
  // A gateway calls nothing by itself; nobody listens there.
  const httpProxy = sockets.httpProxy ?? { address: sockets.address, port: 15_001 };
  return { kind: 'ports', httpProxy, inbound };
}
