import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { fleetsFolder, isRunning, parseFleetRecord, stateFolderOf, statePathsOf } from '../embedded/state-api.ts';
import { CliError } from './cli-error.ts';
import type { CommandCall } from './command-spec.ts';
import { FleetClient } from './fleet-client.ts';

type Env = CommandCall['env'];

/** A fleet that has a state folder. */
export interface KnownFleet {
  /** Absolute path of the folder it was started from. */
  readonly dir: string;
  readonly stateFolder: string;
  readonly pid: number;
  /** Tells the process from a later one of that pid. */
  readonly startTime: string;
  /** False: it was killed, and left its state folder behind. */
  readonly isRunning: boolean;
}

/** All fleets of this user that run or left something behind, by their folders. */
export function listFleets(env: Env): readonly KnownFleet[] {
  const folder = fleetsFolder(env);
  const fleets = namesIn(folder).flatMap((name) => readFleet(join(folder, name)) ?? []);
  return fleets.sort((a, b) => (a.dir < b.dir ? -1 : 1));
}

/** The fleet of that state folder; undefined where there is no record of one. */
export function readFleet(stateFolder: string): KnownFleet | undefined {
  try {
    const record = parseFleetRecord(readFileSync(statePathsOf(stateFolder).record, 'utf8'));
    if (!record) return undefined;
    const { dir, pid, startTime } = record;
    return { dir, pid, startTime, stateFolder, isRunning: isRunning(pid, startTime) };
  } catch {
    return undefined;
  }
}

/**
 * The running fleet that a command is about: the one of `dir` or `--fleet`, that of the current folder or one above it,
 * or the only one.
 * @throws {CliError} where there is none, or several to choose from.
 */
export function findFleet(
  { env, cwd, options }: Pick<CommandCall, 'env' | 'cwd' | 'options'>,
  dir?: string,
): KnownFleet {
  const named = dir ?? options.text('fleet') ?? undefined;
  if (named !== undefined) {
    const folder = resolve(cwd, named);
    const fleet = readFleet(stateFolderOf(folder, env));
    if (fleet?.isRunning) return fleet;
    throw notRunning(`no fleet runs from ${folder}`, `Start it with \`pelagos up ${named}\`.`);
  }
  const running = listFleets(env).filter((fleet) => fleet.isRunning);
  const here = foldersAbove(cwd).flatMap((folder) => running.filter((fleet) => fleet.dir === folder));
  const [only] = here.length > 0 ? here : running;
  if (only === undefined) throw notRunning('no fleet is running', 'Start one with `pelagos up DIR`.');
  if (here.length === 0 && running.length > 1) {
    throw new CliError(
      {
        code: 'which-fleet',
        what: `${running.length} fleets are running`,
        why: `They are: ${running.map((fleet) => fleet.dir).join(', ')}.`,
        remedy: 'Say which one with `--fleet DIR`, or go to its folder.',
      },
      2,
    );
  }
  return only;
}

/** A client of {@link findFleet}'s answer. */
export function connectFleet(call: Pick<CommandCall, 'env' | 'cwd' | 'options'>, dir?: string): FleetClient {
  return new FleetClient(statePathsOf(findFleet(call, dir).stateFolder).controlSocket);
}

function notRunning(what: string, remedy: string): CliError {
  return new CliError({ code: 'no-fleet', what, why: 'This command asks a running fleet.', remedy });
}

function foldersAbove(folder: string): readonly string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...foldersAbove(parent)];
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
