import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { FleetError } from './fleet-error.ts';
import { isRunning, reapLeftovers, startTimeOf } from './process/index.ts';
import { type FleetRecord, formatFleetRecord, parseFleetRecord, type StatePaths } from './state-folder.ts';

/** How often the claim is tried again where another start is at it at the same moment. */
const MAX_TRIES = 3;

/** What {@link clearLeftovers} found. */
export interface Leftovers {
  /** Names of processes that were ended. */
  readonly processes: readonly string[];
}

/**
 * Takes the state folder for this process. What a killed owner left is ended and cleared away first.
 * @throws FleetError `already-running` where the fleet runs.
 */
export async function claimFleet(paths: StatePaths, dir: string): Promise<Leftovers> {
  refuseLongPath(paths);
  const startTime = startTimeOf(process.pid) ?? '';
  const ended: string[] = [];
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const other = await readFleetRecord(paths);
    if (other && isRunning(other.pid, other.startTime)) throw runningError(other);
    ended.push(...(await clearLeftovers(paths)).processes);
    await mkdir(paths.root, { recursive: true, mode: 0o700 });
    await chmod(paths.root, 0o700);
    try {
      await writeFile(paths.record, formatFleetRecord({ pid: process.pid, startTime, dir }), {
        mode: 0o600,
        flag: 'wx',
      });
      return { processes: ended };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  throw new FleetError('state-folder', {
    what: `The state folder ${paths.root} is being taken by another start again and again.`,
    why: 'Two starts of one fleet would be in each other’s way.',
    remedy: 'Start it once.',
  });
}

/** Unix sockets may have 104 bytes (macOS) or 108 (Linux), with the zero at the end; a pod's is the longest. */
const MAX_SOCKET_PATH_BYTES = 103;
const LONGEST_SOCKET = '/run/12345678/admin.sock';

function refuseLongPath({ root }: StatePaths): void {
  const room = MAX_SOCKET_PATH_BYTES - LONGEST_SOCKET.length;
  if (Buffer.byteLength(root) <= room) return;
  throw new FleetError('state-folder', {
    what: `The path of the state folder ${root} is longer than ${room} bytes.`,
    why: 'The operating system takes no longer paths for the sockets in it.',
    remedy: 'Set PELAGOS_STATE to a folder with a shorter path.',
  });
}

/** Who has the state folder. @returns undefined where nobody has, or the record is none. */
export async function readFleetRecord(paths: StatePaths): Promise<FleetRecord | undefined> {
  const text = await readFile(paths.record, 'utf8').catch(() => '');
  return parseFleetRecord(text);
}

/** Ends what a killed owner left running, and takes the state folder away. Nobody may own it. */
export async function clearLeftovers(paths: StatePaths): Promise<Leftovers> {
  const { names } = await reapLeftovers(paths.processes);
  await rm(paths.root, { recursive: true, force: true });
  return { processes: names };
}

function runningError({ dir, pid }: FleetRecord): FleetError {
  return new FleetError('already-running', {
    what: `The fleet of ${dir} is running already (process ${pid}).`,
    why: 'Its clusters would be in each other’s way.',
    remedy: 'Use it as it is (files that you save are applied at once), or end it with `pelagos down`.',
  });
}
