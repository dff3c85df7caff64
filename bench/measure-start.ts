import { join } from 'node:path';
import { Fleet, ROOT } from './fleet.ts';
import type { StartResult } from './report.ts';
import { SidecarCaller } from './sidecar-caller.ts';

const ANSWER_MS = 60_000;

/**
 * Starts examples/two-clusters and calls `http://service.cluster2` as a pod of cluster1 from the moment that there is
 * such a pod, until the first 200.
 */
export async function measureStart(kind: StartResult['kind'], scratch: string): Promise<StartResult> {
  const fleet = Fleet.start(join(ROOT, 'examples', 'two-clusters'), scratch);
  try {
    const caller = new SidecarCaller(await fleet.sidecarOf('cluster1', 'deployment/service'));
    const answer = await caller.until200('http://service.cluster2', ANSWER_MS);
    const firstAnswerMs = performance.now() - fleet.startedMs;
    caller.close();
    const { cluster } = JSON.parse(answer.body.toString('utf8')) as { readonly cluster?: string };
    if (cluster !== 'cluster2') throw new Error(`service.cluster2 was answered by ${cluster}`);
    const allReadyMs = await fleet.ready();
    const envoys = fleet.processes().pods.filter(({ name }) => name.endsWith('/istio-proxy')).length;
    return { kind, firstAnswerMs, allReadyMs, envoys };
  } finally {
    await fleet.down();
  }
}
