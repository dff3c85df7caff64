import { setTimeout as sleep } from 'node:timers/promises';
import { notFoundError } from '../cli-error.ts';
import type { CommandCall, RunCommand } from '../command-spec.ts';
import { connectFleet } from '../find-fleet.ts';
import { LogReader } from '../output/log-reader.ts';
import { findPod } from '../target.ts';

/** How often a log that is followed is looked at. */
const POLL_MS = 200;

export const run: RunCommand = async (call) => {
  const client = connectFleet(call);
  const { cluster, pod } = await findPod(client, call, call.args[0] ?? '');
  const { logs } = await client.pod(cluster, pod.namespace, pod.name);
  const names = Object.keys(logs);
  const container = call.options.text('container') ?? (names.includes('app') ? 'app' : names[0]);
  const path = container === undefined ? undefined : logs[container];
  if (path === undefined) {
    throw notFoundError(
      `the pod ${pod.name} has no container "${container ?? 'app'}"`,
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
