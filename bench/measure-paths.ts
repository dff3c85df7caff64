import { join } from 'node:path';
import type { Fleet } from './fleet.ts';
import { ROOT } from './fleet.ts';
import type { LoadPlan, LoadResult } from './load/load-plan.ts';
import type { PathName, PathResult } from './report.ts';

const PLAN: Omit<LoadPlan, 'targets'> = { connections: [1, 16], rounds: 8, turnMs: 350, warmUpMs: 500 };

/** Where each path's requests go; all of them end at a built-in echo server. */
export const PATH_URLS: Readonly<Record<Exclude<PathName, 'direct'>, string>> = {
  'one sidecar': 'http://bare.plain',
  'two sidecars': 'http://server',
  'across clusters': 'http://server.cluster2',
};

/** Requests per second and latency of every path, by one load generator in one run. */
export async function measurePaths(fleet: Fleet): Promise<readonly PathResult[]> {
  const direct = { name: 'direct', url: `http://${await bareSocket(fleet)}/`, via: 'direct' } as const;
  const others = Object.entries(PATH_URLS).map(([name, url]) => ({ name, url, via: 'proxy' }) as const);
  const plan: LoadPlan = { ...PLAN, targets: [direct, ...others] };
  const main = join(ROOT, 'bench', 'load', 'main.ts');
  const node = [process.execPath, '--disable-warning=ExperimentalWarning'];
  const output = await fleet.exec('cluster1', 'deployment/client', [...node, main, JSON.stringify(plan)]);
  const results = JSON.parse(output) as readonly LoadResult[];
  return results.map((result) => withRatios(result, results));
}

/** Where the echo server without a sidecar listens. */
async function bareSocket(fleet: Fleet): Promise<string> {
  const { items } = await fleet.client.objects('cluster1', 'Pod', 'plain');
  const annotations = (items[0]?.body['metadata'] as { annotations?: Record<string, string> } | undefined)?.annotations;
  const sockets = JSON.parse(annotations?.['pelagos.dev/sockets'] ?? '{}') as Record<string, string>;
  const socket = sockets['8080'];
  if (!socket) throw new Error('the pod of bare.plain does not tell where it listens');
  return socket;
}

function withRatios(result: LoadResult, all: readonly LoadResult[]): PathResult {
  const direct = all.find(({ target, connections }) => target === 'direct' && connections === result.connections);
  return {
    path: result.target as PathName,
    connections: result.connections,
    requests: result.requests,
    failedRequests: result.failedRequests,
    requestsPerSecond: result.requestsPerSecond,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    throughputRatio: direct ? result.requestsPerSecond / direct.requestsPerSecond : Number.NaN,
    latencyRatio: direct ? result.p50Ms / direct.p50Ms : Number.NaN,
  };
}
