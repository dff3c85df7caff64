import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';

/** Everything a fleet keeps on disk is below its own folder here; `down` takes that folder away. */
export function fleetsFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const root = env['PELAGOS_STATE'];
  return join(root ? resolve(root) : join(homedir(), '.pelagos'), 'fleets');
}

/**
 * The state folder of the fleet that is started from `dir`: named after it, and told apart from others of that name by
 * a hash of the absolute path. Kept short, because unix sockets below it may have 104 (macOS) or 108 bytes (Linux).
 */
export function stateFolderOf(dir: string, env: Readonly<Record<string, string | undefined>> = process.env): string {
  const absolute = resolve(dir);
  const name =
    basename(absolute)
      .replace(/[^A-Za-z0-9._-]/g, '-')
      .slice(0, 24) || 'root';
  const hash = createHash('sha256').update(absolute).digest('hex').slice(0, 8);
  return join(fleetsFolder(env), `${name}-${hash}`);
}

/** Where things stand in a fleet's state folder. */
export interface StatePaths {
  readonly root: string;
  /** HTTP with JSON; mode 0600. */
  readonly controlSocket: string;
  /** {@link FleetRecord} as JSON. */
  readonly record: string;
  /** Records of the processes that run, so that the next start can clean up after a kill. */
  readonly processes: string;
  /** Sockets, tokens and other files of running pods. */
  readonly run: string;
  readonly logs: string;
}

/** The parts of a state folder. */
export function statePathsOf(root: string): StatePaths {
  return {
    root,
    controlSocket: join(root, 'control.sock'),
    record: join(root, 'fleet.json'),
    processes: join(root, 'processes'),
    run: join(root, 'run'),
    logs: join(root, 'logs'),
  };
}

/** Who runs a fleet. */
export interface FleetRecord {
  readonly pid: number;
  /** When the process started, as its system tells it: a pid alone may be another process by now. */
  readonly startTime: string;
  /** Absolute path of the folder that the fleet was started from. */
  readonly dir: string;
}

/** @returns undefined where the text is no record. */
export function parseFleetRecord(text: string): FleetRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { pid, startTime, dir } = value as Partial<Record<string, unknown>>;
    if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 2) return undefined;
    if (typeof startTime !== 'string' || typeof dir !== 'string') return undefined;
    return { pid, startTime, dir };
  } catch {
    return undefined;
  }
}

export function formatFleetRecord(record: FleetRecord): string {
  return `${JSON.stringify(record)}\n`;
}
