/**
 * `source-reader.ts URL`: reads a cluster's objects as the control plane does, follows a burst of changes, and writes what that
 * took as JSON. A process of its own, so that its memory is that of the source and of nobody else. To be run with --expose-gc.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApiServer } from '../../src/kubernetes-api/index.ts';
import type { ClusterId } from '../../src/model/index.ts';
import { KubernetesSource, type SourceBatch } from '../../src/sources/index.ts';

/** What the reader has seen. */
export interface SourceReading {
  readonly objects: number;
  readonly listMs: number;
  readonly heapBytes: number;
  readonly burst: number;
  readonly burstMs: number;
  /** The longest that another's work had to wait during the burst. */
  readonly pauseMs: number;
}

const collect = globalThis.gc ?? (() => undefined);

async function heapBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    collect();
    await sleep(50);
  }
  return process.memoryUsage().heapUsed;
}

async function read(url: string, burst: number): Promise<SourceReading> {
  let objects = 0;
  let changed = 0;
  const api = createApiServer({ url, tls: {} });
  const source = new KubernetesSource({ cluster: 'cluster1' as ClusterId, api, kinds: 'registry' });
  const before = await heapBytes();
  const startedMs = performance.now();
  // What is told is thrown away: the source keeps what it has to know itself.
  await source.start({
    apply: ({ set }: SourceBatch) => {
      if (objects === 0) objects = set.length;
      else changed += set.length;
    },
  });
  const listMs = performance.now() - startedMs;
  const heap = (await heapBytes()) - before;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const burstStartedMs = performance.now();
  await api.text('/burst');
  while (changed < burst) await sleep(1);
  const burstMs = performance.now() - burstStartedMs;
  delay.disable();
  await source.stop();
  api.close();
  return { objects, listMs, heapBytes: heap, burst, burstMs, pauseMs: delay.max / 1e6 };
}

process.stdout.write(JSON.stringify(await read(process.argv[2] ?? '', Number(process.argv[3]))));
