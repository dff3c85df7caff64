import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning, reapLeftovers, stateFolderOf, statePathsOf } from '../../embedded/state-api.ts';
import { CliError } from '../cli-error.ts';
import type { CommandCall, RunCommand } from '../command-spec.ts';
import { findFleet, type KnownFleet, listFleets, readFleet } from '../find-fleet.ts';
import { FleetClient } from '../fleet-client.ts';
import { detachedLogOf } from '../up/detached.ts';
import { formatSummary, progressRows } from '../up/progress.ts';

const POLL_MS = 50;

export const run: RunCommand = async (call) => {
  const { terminal } = call;
  const fleets = fleetsToStop(call);
  if (fleets.length === 0) terminal.out('No fleet is running.\n');
  for (const fleet of fleets) {
    if (fleet.isRunning) await stop(fleet, call);
    else await cleanUp(fleet, call);
    await rm(detachedLogOf(fleet.stateFolder), { force: true });
  }
  return 0;
};

/** The named one; else the one that runs; else all that were killed and left something behind. */
function fleetsToStop(call: CommandCall): readonly KnownFleet[] {
  const dir = call.args[0] ?? call.options.text('fleet');
  if (dir !== undefined) {
    const fleet = readFleet(stateFolderOf(resolve(call.cwd, dir), call.env));
    return fleet ? [fleet] : [];
  }
  const known = listFleets(call.env);
  return known.some((fleet) => fleet.isRunning) ? [findFleet(call)] : known;
}

async function stop(fleet: KnownFleet, { terminal, options, now }: CommandCall): Promise<void> {
  const client = new FleetClient(statePathsOf(fleet.stateFolder).controlSocket);
  const status = await client.status(5_000).catch(() => undefined);
  const timeoutMs = options.number('timeout') ?? 60_000;
  const endMs = now() + timeoutMs;
  const asked = await client.down().then(
    () => true,
    () => false,
  );
  // It may still be starting, with no socket yet, or hang: then it gets the signal that Ctrl-C would send.
  if (!asked) process.kill(fleet.pid, 'SIGTERM');
  // The state folder goes a moment before the process does.
  while (isRunning(fleet.pid, fleet.startTime)) {
    if (now() >= endMs) {
      throw new CliError({
        code: 'still-running',
        what: `the fleet of ${fleet.dir} (process ${fleet.pid}) has not ended within ${Math.round(timeoutMs / 1_000)} s`,
        why: 'It may be waiting for requests in flight.',
        remedy: `Run \`pelagos down\` again with a longer --timeout, or end it with \`kill -9 ${fleet.pid}\` and run \`pelagos down\` again.`,
      });
    }
    await sleep(POLL_MS);
  }
  const what = status ? ` (${formatSummary(progressRows(status)).replace(/ ready$/, ' were ready')})` : '';
  terminal.out(`Stopped the fleet of ${fleet.dir}${what}.\n`);
}

async function cleanUp(fleet: KnownFleet, { terminal }: CommandCall): Promise<void> {
  const { names } = await reapLeftovers(statePathsOf(fleet.stateFolder).processes);
  await rm(fleet.stateFolder, { recursive: true, force: true });
  const ended =
    names.length === 0
      ? 'nothing of it was running any more'
      : `ended ${names.length} processes: ${[...names].sort().join(', ')}`;
  terminal.out(`Cleaned up after the fleet of ${fleet.dir}, which was killed: ${ended}.\n`);
}
