import { createHash } from 'node:crypto';
import type { ConfigObjectOf, EndpointsSpec, SlicePort } from '../../config/index.ts';
import type { SocketAddress } from '../../model/index.ts';
import { nodeNameOf } from './make-pod.ts';
import { selectsPod } from './pod-shape.ts';
import { isFinished, type PodView } from './pod-view.ts';

type Service = ConfigObjectOf<'Service'>;
type EndpointAddress = NonNullable<EndpointsSpec['subsets'][number]['addresses']>[number];

/** Who keeps the slices that this controller makes. */
export const MANAGED_BY = 'endpointslice-controller.pelagos.dev';
export const MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';

/** The whole document of an EndpointSlice. */
export interface SliceBody extends Readonly<Record<string, unknown>> {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
}

/**
 * The EndpointSlices (discovery.k8s.io/v1) of a Service with a selector: one per pod, because every pod may have its
 * ports elsewhere. `ports` has the real ports, those that are to be dialled.
 */
export function slicesOfService(service: Service, pods: readonly PodView[]): readonly SliceBody[] {
  const { selector, type } = service.spec;
  if (type === 'ExternalName' || !selector) return [];
  return pods
    .filter((pod) => pod.namespace === service.meta.namespace && selectsPod(selector, pod.labels))
    .filter((pod) => pod.address !== '' && !isFinished(pod))
    .map((pod) => sliceOfPod(service, pod));
}

function sliceOfPod(service: Service, pod: PodView): SliceBody {
  const isServing = pod.isReady || service.spec.publishNotReadyAddresses === true;
  const { hostname, subdomain } = pod.spec;
  const endpoint = {
    addresses: [pod.address],
    // Kubernetes, EndpointSlice conditions: a terminating pod is never ready, but it may go on serving.
    conditions: { ready: isServing && !pod.isTerminating, serving: isServing, terminating: pod.isTerminating },
    ...(hostname && subdomain === service.meta.name ? { hostname } : {}),
    nodeName: pod.spec.nodeName ?? nodeNameOf(pod.raw.ref.cluster),
    targetRef: { kind: 'Pod', namespace: pod.namespace, name: pod.name, uid: pod.uid },
  };
  return sliceBody(service, pod.name, { endpoints: [endpoint], ports: portsOf(service, pod) });
}

function portsOf(service: Service, pod: PodView): readonly SlicePort[] {
  return service.spec.ports.flatMap((port): readonly SlicePort[] => {
    if (port.protocol !== 'TCP') return [];
    const socket = socketOf(pod, port.targetPort);
    if (!socket) return [];
    const { name, protocol, appProtocol } = port;
    return [{ name, port: socket.port, protocol, ...(appProtocol ? { appProtocol } : {}) }];
  });
}

/** Where a Service's targetPort is on this pod: by number, or by a container port's name. */
function socketOf(pod: PodView, targetPort: number | string): SocketAddress | undefined {
  const number =
    typeof targetPort === 'number' ? targetPort : pod.ports.find(({ name }) => name === targetPort)?.target;
  return number === undefined ? undefined : pod.sockets.get(number);
}

/** Endpoints objects that people write for Services without a selector, as slices (Kubernetes: EndpointSlice mirroring). */
export function slicesOfEndpoints(service: Service, endpoints: ConfigObjectOf<'Endpoints'>): readonly SliceBody[] {
  if (service.spec.selector || service.spec.type === 'ExternalName') return [];
  return endpoints.spec.subsets.map((subset, index) =>
    sliceBody(service, `mirror-${index}`, {
      endpoints: [
        ...(subset.addresses ?? []).map((address) => mirrored(address, true)),
        ...(subset.notReadyAddresses ?? []).map((address) => mirrored(address, false)),
      ],
      ports: subset.ports ?? [],
    }),
  );
}

function mirrored({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): object {
  return {
    addresses: [ip],
    conditions: { ready, serving: ready, terminating: false },
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(targetRef ? { targetRef } : {}),
  };
}

function sliceBody(
  service: Service,
  part: string,
  content: { readonly endpoints: readonly object[]; readonly ports: readonly object[] },
): SliceBody {
  const { name, namespace } = service.meta;
  const suffix = createHash('sha256').update(part).digest('hex').slice(0, 8);
  const isHeadless = service.spec.clusterIP === 'None';
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${name.slice(0, 240)}-${suffix}`,
      namespace,
      labels: {
        'kubernetes.io/service-name': name,
        [MANAGED_BY_LABEL]: MANAGED_BY,
        ...(isHeadless ? { 'service.kubernetes.io/headless': '' } : {}),
      },
    },
    addressType: 'IPv4',
    ...content,
  };
}
