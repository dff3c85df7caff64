import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { statePathsOf } from '../../embedded/state-api.ts';
import { notFoundError } from '../cli-error.ts';
import type { CommandCall, RunCommand } from '../command-spec.ts';
import { connectFleet, findFleet } from '../find-fleet.ts';
import { requireFleet } from '../mesh/choose-target.ts';
import { LogReader } from '../output/log-reader.ts';
import { chooseCluster, findPod, parseTarget } from '../target.ts';

/** How often a log that is followed is looked at. */
const POLL_MS = 200;

/** One pod's logs by container. */
interface PodLogs {
  readonly name: string;
  readonly logs: Readonly<Record<string, string>>;
}

export const run: RunCommand = async (call) => {
  requireFleet(call, 'logs');
  const { name, logs } = (await controlPlaneLogs(call)) ?? (await podLogs(call));
  const names = Object.keys(logs);
  const container = call.options.text('container') ?? (names.includes('app') ? 'app' : names[0]);
  const path = container === undefined ? undefined : logs[container];
  if (path === undefined) {
    throw notFoundError(
      `${name} has no container "${container ?? 'app'}"`,
      names.length > 0 ? `It has: ${names.join(', ')}.` : 'None of its containers has been started yet.',
      'Choose one with `-c`.',
    );
  }
  const tail = call.options.number('tail') ?? -1;
  const reader = new LogReader(path);
  try {
    reader.start(tail < 0 ? undefined : tail, call.terminal.out);
    if (call.options.flag('follow')) await follow(reader, call);
  } finally {
    reader.close();
  }
  return 0;
};

async function podLogs(call: CommandCall): Promise<PodLogs> {
  const client = connectFleet(call);
  const { cluster, pod } = await findPod(client, call, call.args[0] ?? '');
  return { name: pod.name, logs: (await client.pod(cluster, pod.namespace, pod.name)).logs };
}

/** The control plane of a cluster is no pod here, but it is asked for as the deployment that it is on Kubernetes. */
async function controlPlaneLogs(call: CommandCall): Promise<PodLogs | undefined> {
  const target = parseTarget(call.args[0] ?? '');
  const name = target.kind === 'owner' ? target.owner : `deployment/${target.name}`;
  if (name !== 'deployment/istiod' || call.options.text('namespace') !== 'istio-system') return undefined;
  const fleet = findFleet(call);
  const cluster = chooseCluster(await connectFleet(call).status(), call);
  if (cluster.controlPlane.cluster !== cluster.name) {
    throw notFoundError(
      `${cluster.name} has no control plane of its own`,
      `Its proxies are served by that of ${cluster.controlPlane.cluster}.`,
      `Read that one's log with \`--context ${cluster.controlPlane.cluster}\`.`,
    );
  }
  const { logs } = statePathsOf(fleet.stateFolder);
  return { name: 'istiod', logs: { discovery: join(logs, cluster.name, 'istio-system', 'istiod', 'discovery.log') } };
}

/** Until Ctrl-C. */
async function follow(reader: LogReader, { terminal }: CommandCall): Promise<void> {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  try {
    while (!stop.signal.aborted) {
      reader.more(terminal.out);
      await sleep(POLL_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  } finally {
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
  }
}
