import type { Interception } from '../model/index.ts';

/** What a proxy is in the middle of. */
export interface ActiveWork {
  /** HTTP requests that are not answered yet. */
  readonly requests: number;
  /** TCP connections that do not carry HTTP. An idle HTTP connection is no work. */
  readonly connections: number;
}

/** The statistics that {@link activeWork} reads. */
export const ACTIVE_FILTER = '^(http|listener)\\..*\\.downstream_(rq|cx)_active$';

/**
 * Counts what would be lost if the proxy ended now. For a sidecar only what came in counts: its own workload's calls end
 * with the workload. Statistics of HTTP connections are told apart by Istio's prefixes (`inbound_…`, `outbound_…`).
 */
export function activeWork(
  stats: ReadonlyMap<string, number>,
  proxy: { readonly kind: 'sidecar' | 'gateway'; readonly interception: Interception },
): ActiveWork {
  const outboundPort = outboundPortOf(proxy.interception);
  let requests = 0;
  let connections = 0;
  let httpConnections = 0;
  for (const [name, value] of stats) {
    if (name.startsWith('http.admin.') || name.startsWith('listener.admin.')) continue;
    // The same connections once more, by worker thread.
    if (/\.worker_\d+\.downstream_cx_active$/.test(name)) continue;
    if (name.startsWith('http.')) {
      if (proxy.kind === 'sidecar' && !name.startsWith('http.inbound')) continue;
      if (name.endsWith('.downstream_rq_active')) requests += value;
      else httpConnections += value;
    } else if (proxy.kind === 'gateway' || isInbound(name, outboundPort)) connections += value;
  }
  return { requests, connections: Math.max(0, connections - httpConnections) };
}

/** `listener.127.1.0.2_8080.downstream_cx_active`: listeners are named by address. Internal ones carry what others took. */
function isInbound(name: string, outboundPort: number): boolean {
  return !name.endsWith(`_${outboundPort}.downstream_cx_active`) && !name.startsWith('listener.envoy_internal');
}

function outboundPortOf(interception: Interception): number {
  return interception.kind === 'ports' ? interception.httpProxy.port : interception.outboundPort;
}
