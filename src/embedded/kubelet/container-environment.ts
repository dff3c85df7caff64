import type { SocketAddress } from '../../model/index.ts';
import type { PodView } from '../controllers/pod-view.ts';
import type { PodSockets } from '../network/pod-network.ts';
import type { AppPort } from './app-plan.ts';

/** Of the environment that the fleet was started in: what programs need to run at all, and nothing that may be secret. */
const INHERITED = [
  'NODE_COMPILE_CACHE',
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'TERM',
];

/** The environment of a pod's programs that does not come of its manifest. */
export function baseEnvironment(
  own: Readonly<Record<string, string | undefined>>,
  sockets: Pick<PodSockets, 'httpProxy'>,
): Readonly<Record<string, string>> {
  const inherited = INHERITED.flatMap((name) => (own[name] === undefined ? [] : [[name, own[name]] as const]));
  return { ...Object.fromEntries(inherited), ...proxyEnvironment(sockets.httpProxy) };
}

/** Calls of the application go through its sidecar: most clients and runtimes know these variables. */
function proxyEnvironment(proxy: SocketAddress | undefined): Readonly<Record<string, string>> {
  if (!proxy) return {};
  const url = `http://${proxy.address}:${proxy.port}`;
  return {
    http_proxy: url,
    HTTP_PROXY: url,
    https_proxy: url,
    HTTPS_PROXY: url,
    no_proxy: 'localhost,127.0.0.1,::1',
    NO_PROXY: 'localhost,127.0.0.1,::1',
    // Node's own HTTP clients look at the variables above only where this is set.
    NODE_USE_ENV_PROXY: '1',
  };
}

/** Where a local command is to listen: $HOST and $PORT for the first port, $PELAGOS_PORT_<name or number> for each. */
export function portEnvironment(ports: readonly AppPort[]): Readonly<Record<string, string>> {
  const [first] = ports;
  if (!first) return {};
  const named = ports.flatMap(({ name, target, listen }) => {
    const keys = name === '' ? [String(target)] : [String(target), name.toUpperCase().replace(/[^A-Z0-9]/g, '_')];
    return keys.map((key) => [`PELAGOS_PORT_${key}`, String(listen.port)] as const);
  });
  return { HOST: first.listen.address, PORT: String(first.listen.port), ...Object.fromEntries(named) };
}

/** Who the pod is, in the words of the built-in echo server. */
export function echoEnvironment(
  cluster: string,
  pod: PodView,
  ports: readonly AppPort[],
): Readonly<Record<string, string>> {
  return {
    CLUSTER: cluster,
    POD_NAME: pod.name,
    POD_NAMESPACE: pod.namespace,
    APP: pod.labels['app'] ?? pod.labels['app.kubernetes.io/name'] ?? pod.owner?.name ?? pod.name,
    VERSION: pod.labels['version'] ?? pod.labels['app.kubernetes.io/version'] ?? '',
    LISTEN: JSON.stringify(ports.map(({ name, protocol, listen }) => ({ ...listen, name, protocol }))),
  };
}
