import type { Container, HttpGet, LifecycleHandler, Pod, Probe } from './pod.ts';
import { longRunning, PROXY_CONTAINER } from './pod.ts';
import { HEALTH_PORT } from './redirect-rules.ts';

/**
 * A question of the kubelet that the proxy asks the application in its stead: the kubelet has no certificate, so it cannot
 * reach an application that takes mutual TLS only.
 */
export interface AppProbe {
  /** Where the kubelet asks: `/app-health/app/readyz`. */
  readonly path: string;
  readonly timeoutSeconds: number;
  /** How often the kubelet asks. */
  readonly periodSeconds: number;
  readonly check: AppCheck;
}

export type AppCheck =
  | { readonly kind: 'http'; readonly port: number; readonly path: string; readonly tls: boolean }
  | { readonly kind: 'tcp'; readonly port: number }
  | { readonly kind: 'grpc'; readonly port: number; readonly service: string };

export interface RewrittenPod {
  readonly pod: Pod;
  readonly probes: readonly AppProbe[];
}

const PROBES = [
  ['livenessProbe', 'livez'],
  ['readinessProbe', 'readyz'],
  ['startupProbe', 'startupz'],
] as const;
const HANDLERS = [
  ['preStop', 'prestopz'],
  ['postStart', 'poststartz'],
] as const;
/** A handler has no time-out of its own but the pod's grace period. */
const HANDLER_TIMEOUT_SECONDS = 30;

/** Turns the HTTP, TCP and gRPC probes of a pod's applications to the proxy. Commands are run in the container: they stay. */
export function rewriteProbes(pod: Pod): RewrittenPod {
  const probes: AppProbe[] = [];
  const asked = new Set(longRunning(pod.spec).map(({ name }) => name));
  const rewritten = (container: Container): Container => {
    if (container.name === PROXY_CONTAINER || !asked.has(container.name)) return container;
    const result = rewriteContainer(container);
    probes.push(...result.probes);
    return result.container;
  };
  const { initContainers } = pod.spec;
  const spec = {
    ...pod.spec,
    ...(initContainers ? { initContainers: initContainers.map(rewritten) } : {}),
    containers: pod.spec.containers.map(rewritten),
  };
  return { pod: { ...pod, spec }, probes };
}

function rewriteContainer(container: Container): {
  readonly container: Container;
  readonly probes: readonly AppProbe[];
} {
  const probes: AppProbe[] = [];
  const changes: Record<string, unknown> = {};
  for (const [field, name] of PROBES) {
    const probe = container[field];
    const check = probe && checkOf(probe, container);
    if (!probe || !check) continue;
    const path = `/app-health/${container.name}/${name}`;
    const { timeoutSeconds = 0, periodSeconds = 0 } = probe;
    probes.push({ path, timeoutSeconds: timeoutSeconds || 1, periodSeconds: periodSeconds || 10, check });
    const { httpGet, tcpSocket: _tcp, grpc: _grpc, ...rest } = probe;
    changes[field] = { ...rest, httpGet: askProxy(path, httpGet) };
  }
  const lifecycle: Record<string, LifecycleHandler> = {};
  for (const [field, name] of HANDLERS) {
    const handler = container.lifecycle?.[field];
    const check = handler?.httpGet && httpCheck(handler.httpGet, container);
    if (!handler || !check) continue;
    const path = `/app-lifecycle/${container.name}/${name}`;
    probes.push({ path, timeoutSeconds: HANDLER_TIMEOUT_SECONDS, periodSeconds: HANDLER_TIMEOUT_SECONDS, check });
    lifecycle[field] = { ...handler, httpGet: askProxy(path, handler.httpGet) };
  }
  if (Object.keys(lifecycle).length > 0) changes['lifecycle'] = { ...container.lifecycle, ...lifecycle };
  return { container: { ...container, ...changes }, probes };
}

/** The headers stay the kubelet's to send, so the application gets them as ever. */
function askProxy(path: string, httpGet: HttpGet | undefined): HttpGet {
  return {
    path,
    port: HEALTH_PORT,
    scheme: 'HTTP',
    ...(httpGet?.httpHeaders ? { httpHeaders: httpGet.httpHeaders } : {}),
  };
}

/** @returns undefined for a command, a host that is not the pod, or a port that the pod does not have: these stay. */
function checkOf({ httpGet, tcpSocket, grpc }: Probe, container: Container): AppCheck | undefined {
  if (httpGet) return httpCheck(httpGet, container);
  if (tcpSocket && !tcpSocket.host) {
    const port = portOf(tcpSocket.port, container);
    return port === undefined ? undefined : { kind: 'tcp', port };
  }
  return grpc ? { kind: 'grpc', port: grpc.port, service: grpc.service ?? '' } : undefined;
}

function httpCheck(httpGet: HttpGet, container: Container): AppCheck | undefined {
  const port = portOf(httpGet.port, container);
  if (httpGet.host || port === undefined || port === HEALTH_PORT) return undefined;
  const path = httpGet.path ?? '/';
  return { kind: 'http', port, path: path.startsWith('/') ? path : `/${path}`, tls: httpGet.scheme === 'HTTPS' };
}

/** A number, also as text, or the name of one of the container's ports. */
function portOf(port: number | string, container: Container): number | undefined {
  const number = Number(port);
  if (Number.isInteger(number) && number > 0 && number <= 65_535) return number;
  return container.ports?.find(({ name }) => name === port)?.containerPort;
}
