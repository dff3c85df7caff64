import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { IMAGE, type Lab } from './lab.ts';

/** A call that came to nothing, as ./loader.ts saw it. */
export interface Failure {
  readonly at: string;
  readonly way: string;
  readonly reason: string;
  readonly tookMs: number;
}

/** What came of the calls to one target. */
export interface Tally {
  readonly calls: number;
  readonly failed: number;
  readonly slowestMs: number;
  /** Answers by the cluster that gave them. */
  readonly clusters: Readonly<Record<string, number>>;
  readonly failures: readonly Failure[];
}

/** By the cluster of the caller and the host that it called: `cluster1 -> service.cluster2`. */
export type Tallies = ReadonlyMap<string, Tally>;

/** Steady calls from a pod in each cluster, each to the own service by its plain name and to the other cluster's. */
export interface Load {
  /** What came of the calls since it was last asked. */
  take(): Promise<Tallies>;
  /** What came of the calls while something was done, and for a while after that. */
  during(fault: () => Promise<void>, afterMs?: number): Promise<Tallies>;
}

/** So long do answers take, that there are always some on their way. */
const ANSWER_MS = 50;

export async function startLoad(lab: Lab, clusters: readonly string[]): Promise<Load> {
  const program = await readFile(join(import.meta.dirname, 'loader.ts'), 'utf8');
  await Promise.all(
    clusters.map(async (cluster) => {
      const hosts = ['service', ...clusters.filter((other) => other !== cluster).map((other) => `service.${other}`)];
      const targets = hosts.map((host) => `http://${host}/?delay=${ANSWER_MS}ms`);
      await lab.apply(cluster, manifests(program, targets));
      await lab.kubectl(cluster, 'rollout', 'status', 'deployment/loader', '--timeout=60s');
    }),
  );
  const take = async (): Promise<Tallies> => {
    const all = await Promise.all(clusters.map(async (cluster) => takeOne(lab, cluster)));
    return new Map(all.flat());
  };
  await lab.eventually('a second of calls without a failure', async () => {
    await take();
    await delay(1_000);
    const tallies = await take();
    for (const [name, { failed, calls, failures }] of tallies) {
      if (failed > 0 || calls === 0) throw new Error(`${name}: ${failed} of ${calls} failed: ${failures[0]?.reason}`);
    }
  });
  return {
    take,
    during: async (fault, afterMs = 2_000) => {
      await take();
      await fault();
      await delay(afterMs);
      return await take();
    },
  };
}

async function takeOne(lab: Lab, cluster: string): Promise<readonly (readonly [string, Tally])[]> {
  const text = await lab.kubectl(
    cluster,
    'exec',
    'deployment/loader',
    '--',
    'curl',
    '-sS',
    'http://127.0.0.1:9900/take',
  );
  const found = JSON.parse(text) as Readonly<Record<string, Tally>>;
  return Object.entries(found).map(([target, tally]) => [`${cluster} -> ${new URL(target).hostname}`, tally] as const);
}

/** Numbers for people: `cluster1 -> service: 0 of 312 lost, slowest 80 ms`, then the first failures. */
export function describeTallies(tallies: Tallies): string {
  const lines = [...tallies].flatMap(([name, { calls, failed, slowestMs, clusters, failures }]) => [
    `${name}: ${failed} of ${calls} lost, slowest ${slowestMs} ms, answered by ${JSON.stringify(clusters)}`,
    ...failures.slice(0, 8).map(({ at, way, reason, tookMs }) => `    ${at} ${way}: ${reason} (after ${tookMs} ms)`),
  ]);
  return lines.join('\n');
}

function manifests(program: string, targets: readonly string[]): string {
  const labels = { app: 'loader' };
  const container = {
    name: 'loader',
    image: IMAGE,
    command: ['node', '/load/loader.ts'],
    env: [{ name: 'TARGETS', value: targets.join(',') }],
    volumeMounts: [{ name: 'program', mountPath: '/load' }],
  };
  const items = [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'loader' }, data: { 'loader.ts': program } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'loader' },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            serviceAccountName: 'service',
            terminationGracePeriodSeconds: 1,
            containers: [container],
            volumes: [{ name: 'program', configMap: { name: 'loader' } }],
          },
        },
      },
    },
  ];
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}
