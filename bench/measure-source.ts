import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ClusterObjects, clusterObjects, pod } from './cluster-objects.ts';
import { ROOT } from './fleet.ts';
import type { SourceReading } from './load/source-reader.ts';
import type { SourceResult, Verdict } from './report.ts';

/** What an object of a cluster may take in the source, with all that is kept to find it. */
export const OBJECT_LIMIT_BYTES = 4_096;
const MAX_OUTPUT = 1024 * 1024;

/**
 * Reads so many pods, slices and services over the API's own protocol out of a process that answers as an API server with these
 * objects would, and then follows a change of every pod. No API server: it would be measured in place of the source.
 */
export async function measureSource(pods: number): Promise<SourceResult> {
  const objects = clusterObjects(pods);
  const watchers: ServerResponse[] = [];
  let wireBytes = 0;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://bench');
    if (url.pathname === '/burst') {
      for (const watcher of watchers)
        for (let index = 0; index < pods; index++) watcher.write(line('MODIFIED', pod(index, 2)));
      response.end('ok');
    } else if (!url.searchParams.has('watch')) {
      response.end(JSON.stringify({ groups: [] }));
    } else {
      wireBytes += answerWatch(response, url.pathname, objects);
      if (url.pathname.endsWith('/pods')) watchers.push(response);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const reading = await read(server, pods);
    return {
      objects: reading.objects,
      objectsPerSecond: (reading.objects * 1000) / reading.listMs,
      wireBytesPerObject: wireBytes / reading.objects,
      heapBytesPerObject: reading.heapBytes / reading.objects,
      changesPerSecond: (reading.burst * 1000) / reading.burstMs,
      longestPauseMs: reading.pauseMs,
    };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function read(server: Server, pods: number): Promise<SourceReading> {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const reader = join(ROOT, 'bench', 'load', 'source-reader.ts');
  const args = ['--expose-gc', '--disable-warning=ExperimentalWarning', reader, url, String(pods)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: MAX_OUTPUT });
  return JSON.parse(stdout) as SourceReading;
}

/** All objects and the bookmark that ends them. @returns how many bytes that is. */
function answerWatch(response: ServerResponse, path: string, objects: ClusterObjects): number {
  const kind = path.slice(path.lastIndexOf('/') + 1);
  const found = kind in objects ? objects[kind as keyof ClusterObjects] : [];
  let bytes = 0;
  for (const object of found) {
    const text = line('ADDED', object);
    bytes += text.length;
    response.write(text);
  }
  const annotations = { 'k8s.io/initial-events-end': 'true' };
  response.write(line('BOOKMARK', { metadata: { resourceVersion: '2000000', annotations } }));
  return bytes;
}

function line(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}

/** Memory only: how fast it is depends on who else is on the machine. */
export function judgeSource({ objects, heapBytesPerObject }: SourceResult): Verdict {
  return {
    promise: `each of ${objects} objects of a cluster takes ${OBJECT_LIMIT_BYTES / 1024} KiB at most in the source`,
    pass: heapBytesPerObject <= OBJECT_LIMIT_BYTES,
    seen: `${(heapBytesPerObject / 1024).toFixed(1)} KiB`,
  };
}
