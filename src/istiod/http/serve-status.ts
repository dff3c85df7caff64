import type { Server } from 'node:http';
import type { ControlPlane } from '../../control-plane/index.ts';
import { controlPlaneMetrics, type LogScopes } from '../../observe/index.ts';
import type { Authority } from '../../security/index.ts';
import type { MemberState, RemoteClusterStatus, RemoteClusters } from '../members/remote-clusters.ts';
import type { IstiodSettings } from '../settings.ts';
import { debugInterface } from './debug.ts';
import { closeHttp, listenHttp } from './http-listener.ts';
import { monitoring } from './monitoring.ts';

export interface StatusOptions {
  readonly settings: Pick<IstiodSettings, 'ports' | 'bindAddress' | 'cluster'>;
  readonly version: string;
  readonly plane: ControlPlane;
  /** The cluster that it is in. */
  readonly home: () => MemberState & { readonly sinceMs: number };
  readonly remotes: RemoteClusters;
  readonly authority: Authority;
  readonly scopes: LogScopes;
  /** Why it is not ready; undefined where it is. */
  readonly notReady: () => string | undefined;
}

/** Probes and metrics for everybody, status for the pod's own loopback. @returns how to end both. */
export async function serveStatus(options: StatusOptions): Promise<() => Promise<void>> {
  const { settings, version, plane, home, remotes, authority, scopes, notReady } = options;
  const metrics = controlPlaneMetrics({
    version,
    xds: () => plane.xdsCounters,
    proxies: () => countBy(plane.status(), ({ version: envoy }) => envoy),
    clusters: () => remotes.list(),
    rootExpiresAtMs: () => authority.root.notAfter,
  });
  // As Istio: the cluster that it is in comes first, without a secret.
  const clusters = (): readonly RemoteClusterStatus[] => {
    const { kind: state, error: reason, sinceMs } = home();
    return [{ cluster: settings.cluster, secret: '', state, reason, sinceMs }, ...remotes.list()];
  };
  const views = {
    '/debug/syncz': () => plane.status(),
    '/debug/diagnostics': () => plane.diagnostics(),
    '/debug/clusterz': clusters,
    '/debug/clusters': clusters,
  };
  const { bindAddress, ports } = settings;
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map(closeHttp));
  };
  try {
    const open = monitoring({ metrics, notReady, version });
    servers.push((await listenHttp({ address: bindAddress, port: ports.monitoring }, open)).server);
    const debug = debugInterface(views, scopes);
    servers.push((await listenHttp({ address: '127.0.0.1', port: ports.debug }, debug)).server);
  } catch (error) {
    await close();
    throw error;
  }
  return close;
}

function countBy<T>(items: readonly T[], key: (item: T) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}
