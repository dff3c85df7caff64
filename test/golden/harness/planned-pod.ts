import { SOCKETS_ANNOTATION } from '../../../src/embedded/controllers/annotations.ts';
import { formatSockets, type PodView } from '../../../src/embedded/controllers/pod-view.ts';
import { formatPodStatus } from '../../../src/embedded/kubelet/pod-report.ts';
import type { ClusterStore } from '../../../src/embedded/store/cluster-store.ts';
import type { GatewayBind, Interception, SocketAddress } from '../../../src/model/index.ts';

/** A pod with sockets that nobody has bound: a fleet on paper. */
export interface PlannedPod {
  readonly view: PodView;
  readonly address: string;
  /** Container port to the socket at which the mesh reaches it. */
  readonly bound: ReadonlyMap<number, SocketAddress>;
  /** Container port to the socket of the application itself. */
  readonly app: ReadonlyMap<number, SocketAddress>;
  readonly interception: Interception;
  readonly gatewayBinds: readonly GatewayBind[];
}

const HTTP_PROXY_PORT = 15_080;

/** How a pod's calls come to its sidecar: through an HTTP proxy, or redirected by the kernel. */
export type WayIn = Interception['kind'];

/** Istio's ports. */
export const OUTBOUND_PORT = 15_001;
export const INBOUND_PORT = 15_006;

/** The sockets of the n-th pod of the n-th cluster, both from 1: every pod has an address of its own. */
export function planPod(
  view: PodView,
  number: { readonly cluster: number; readonly pod: number; readonly way: WayIn },
): PlannedPod {
  const address = `10.${number.cluster}.${Math.floor(number.pod / 250)}.${1 + (number.pod % 250)}`;
  const targets = [...new Set(view.ports.map(({ target }) => target))];
  const bound = new Map(targets.map((port) => [port, { address, port }]));
  const redirected = number.way === 'redirect';
  const behind = (port: number): SocketAddress => ({ address: redirected ? address : '127.0.0.1', port });
  const app = new Map(
    view.proxy === 'gateway'
      ? []
      : targets.map((port) => [port, view.proxy === 'sidecar' ? behind(port) : { address, port }]),
  );
  const inbound = [...app].map(([port, own]) => ({ port, bind: { address, port }, app: own }));
  const binds = new Map([
    ...bound,
    ...view.ports.map(({ port, target }) => [port, { address, port: target }] as const),
  ]);
  return {
    view,
    address,
    bound,
    app,
    interception: redirected
      ? { kind: 'redirect', inboundPort: INBOUND_PORT, outboundPort: OUTBOUND_PORT }
      : { kind: 'ports', httpProxy: { address, port: HTTP_PROXY_PORT }, inbound },
    gatewayBinds: view.proxy === 'gateway' ? [...binds].map(([port, bind]) => ({ port, bind })) : [],
  };
}

/** Writes into the store that the pod runs and is ready. */
export function reportReady(store: ClusterStore, pod: PlannedPod): void {
  const container = { name: 'app', phase: 'running', isReady: true, restarts: 0, reason: '', startedAtMs: 0 } as const;
  store.patch(pod.view.raw, {
    annotations: { [SOCKETS_ANNOTATION]: formatSockets(pod.bound) },
    status: formatPodStatus({ address: pod.address, containers: [container], obstacle: '', startedAtMs: 0 }),
  });
}
