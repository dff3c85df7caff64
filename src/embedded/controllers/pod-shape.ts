import type { ConfigObjectOf, PodTemplate } from '../../config/index.ts';
import type { PodPort, ProxyKind } from '../network/pod-network.ts';
import { proxyKindOf } from './injection.ts';

type Service = ConfigObjectOf<'Service'>;

/** A port of a pod, with what the built-in echo server is to speak on it. */
export interface ShapedPort extends PodPort {
  readonly name: string;
  readonly protocol: 'http' | 'tcp';
}

/** What of a pod comes of objects around it, and must be known before it is made. */
export interface PodShape {
  readonly proxy: ProxyKind;
  readonly ports: readonly ShapedPort[];
}

/** The objects around a pod. */
export interface PodSurroundings {
  readonly namespace: string;
  readonly namespaceLabels: Readonly<Record<string, string>>;
  /** Of the pod's namespace. */
  readonly services: readonly Service[];
}

/** Protocols of port names and `appProtocol` that are no HTTP (Istio: explicit protocol selection). */
const NOT_HTTP: ReadonlySet<string> = new Set(['tcp', 'tls', 'https', 'mongo', 'mysql', 'redis', 'postgres', 'udp']);

/**
 * A pod's ports are those that its containers declare and those that Services target by number: on Kubernetes an
 * application may listen where it likes, here sockets are made for it beforehand.
 */
export function podShapeOf(template: PodTemplate, { namespace, namespaceLabels, services }: PodSurroundings): PodShape {
  const labels = template.metadata?.labels ?? {};
  const proxy = proxyKindOf({
    namespace,
    namespaceLabels,
    labels,
    annotations: template.metadata?.annotations ?? {},
    hostNetwork: template.spec.hostNetwork === true,
  });
  const declared = declaredPorts(template);
  const targeted = services
    .filter(({ spec }) => selectsPod(spec.selector, labels))
    .flatMap((service) => targetsOf(service, declared))
    .sort((a, b) => a.target - b.target || a.port - b.port);
  const own = unique([...declared.map(({ target }) => target), ...targeted.map(({ target }) => target)]);
  const pairs: readonly PodPort[] = [
    ...own.map((target) => ({ port: target, target })),
    ...(proxy === 'gateway' ? targeted.filter(({ port }) => !own.includes(port)) : []),
  ];
  return { proxy, ports: pairs.map((pair) => shapedPort(pair, declared, targeted)) };
}

/** What Services say of a port counts more than the container's name for it; HTTP, where one of them says so. */
function shapedPort(
  { port, target }: PodPort,
  declared: readonly ShapedPort[],
  targeted: readonly ShapedPort[],
): ShapedPort {
  const container = declared.find((candidate) => candidate.target === target);
  const said = targeted.filter((candidate) => candidate.target === target);
  const protocol = said.length === 0 ? (container?.protocol ?? 'http') : (said.find(isHttp) ?? said[0])?.protocol;
  return { port, target, name: container?.name ?? '', protocol: protocol ?? 'http' };
}

function isHttp({ protocol }: ShapedPort): boolean {
  return protocol === 'http';
}

function unique(numbers: readonly number[]): readonly number[] {
  return [...new Set(numbers)];
}

function declaredPorts(template: PodTemplate): readonly ShapedPort[] {
  const ports = template.spec.containers.flatMap((container) => container.ports ?? []);
  return ports
    .filter(({ protocol }) => protocol === 'TCP')
    .map(({ containerPort, name = '' }) => ({
      port: containerPort,
      target: containerPort,
      name,
      protocol: protocolOf(name, undefined),
    }));
}

function targetsOf({ spec }: Service, declared: readonly ShapedPort[]): readonly ShapedPort[] {
  return spec.ports.flatMap(({ port, targetPort, protocol, name, appProtocol }): readonly ShapedPort[] => {
    if (protocol !== 'TCP') return [];
    const target =
      typeof targetPort === 'number' ? targetPort : declared.find((one) => one.name === targetPort)?.target;
    return target === undefined ? [] : [{ port, target, name: '', protocol: protocolOf(name, appProtocol) }];
  });
}

function protocolOf(name: string, appProtocol: string | undefined): ShapedPort['protocol'] {
  const word = appProtocol ?? name.split('-')[0] ?? '';
  return NOT_HTTP.has(word.toLowerCase()) ? 'tcp' : 'http';
}

/** Does a Service's selector choose a pod with these labels? One without a selector chooses none. */
export function selectsPod(
  selector: Readonly<Record<string, string>> | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  const entries = Object.entries(selector ?? {});
  return entries.length > 0 && entries.every(([key, value]) => labels[key] === value);
}

/** As the annotation of a pod has it. */
export function formatPorts(ports: readonly ShapedPort[]): string {
  return JSON.stringify(ports);
}

/** @returns nothing where the text is none of ours: annotations are anybody's to write. */
export function parsePorts(text: string | undefined): readonly ShapedPort[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value) ? value.filter(isShapedPort) : [];
  } catch {
    return [];
  }
}

function isShapedPort(value: unknown): value is ShapedPort {
  if (typeof value !== 'object' || value === null) return false;
  const { port, target, name, protocol } = value as Partial<Record<string, unknown>>;
  const arePorts = [port, target].every(
    (number) => Number.isInteger(number) && Number(number) > 0 && Number(number) < 65_536,
  );
  return arePorts && typeof name === 'string' && (protocol === 'http' || protocol === 'tcp');
}
