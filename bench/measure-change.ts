import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet } from './fleet.ts';
import { headerOf } from './load/response.ts';
import { CHANGE_HEADER, writeChange } from './mesh-folder.ts';
import { percentile } from './percentile.ts';
import type { ChangeResult } from './report.ts';
import { SidecarCaller } from './sidecar-caller.ts';

const SEEN_MS = 10_000;
/** Between two requests: leaves the processors to the mesh, and is how exact the result is. */
const GAP_MS = 1;
const URL = 'http://server';

/**
 * Rewrites a VirtualService again and again while a client calls through its sidecar, and takes the time from the write
 * to the first answer with the header that the new version sets.
 */
export async function measureChange(
  fleet: Fleet,
  { services, changes }: { readonly services: number; readonly changes: number },
): Promise<ChangeResult> {
  const caller = new SidecarCaller(await fleet.sidecarOf('cluster1', 'deployment/client'));
  await caller.until200(URL, SEEN_MS);
  const timesMs: number[] = [];
  const counts = { requests: 0, failed: 0 };
  try {
    for (let change = 1; change <= changes; change++) {
      // Of uneven length, so that writes do not keep step with anything.
      await sleep(40 + ((change * 37) % 60));
      const startMs = performance.now();
      writeChange(fleet.dir, change);
      await untilSeen(caller, change, counts);
      timesMs.push(performance.now() - startMs);
    }
  } finally {
    caller.close();
  }
  return {
    services,
    changes,
    p50Ms: percentile(timesMs, 0.5),
    p99Ms: percentile(timesMs, 0.99),
    maxMs: Math.max(...timesMs),
    requests: counts.requests,
    failedRequests: counts.failed,
  };
}

async function untilSeen(
  caller: SidecarCaller,
  change: number,
  counts: { requests: number; failed: number },
): Promise<void> {
  const endMs = performance.now() + SEEN_MS;
  while (performance.now() < endMs) {
    const answer = await caller.get(URL);
    counts.requests++;
    if (answer?.status !== 200) counts.failed++;
    else if (headerOf(answer.head, CHANGE_HEADER) === String(change)) return;
    await sleep(GAP_MS);
  }
  throw new Error(`change ${change} of a VirtualService is not seen after ${SEEN_MS} ms`);
}
