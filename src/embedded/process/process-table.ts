/** What the operating system says of its processes: Linux by /proc, elsewhere by ps. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** One line of the process table. Zombies are left out: they hold nothing, and only wait for their parent. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  readonly groupId: number;
  /** Differs between two processes that had the same pid, also over a reboot. */
  readonly startTime: string;
}

/** Far above what any of the read files has: they are small tables of the kernel. */
const MAX_TABLE_BYTES = 16 * 1024 * 1024;

/** @returns when the process started, in a form only fit for comparing; undefined where it does not run. */
export function startTimeOf(pid: number): string | undefined {
  if (process.platform === 'linux') return readLinuxEntry(pid)?.startTime;
  return listWithPs(['-p', String(pid)])[0]?.startTime;
}

/** Is it still the process that had this start time? */
export function isRunning(pid: number, startTime: string): boolean {
  return startTimeOf(pid) === startTime;
}

/** Every process of the machine that may be seen. */
export function listProcesses(): readonly ProcessEntry[] {
  if (process.platform !== 'linux') return listWithPs(['-A']);
  const entries: ProcessEntry[] = [];
  for (const name of readdirSync('/proc')) {
    const entry = /^\d+$/.test(name) ? readLinuxEntry(Number(name)) : undefined;
    if (entry) entries.push(entry);
  }
  return entries;
}

/**
 * Does the process carry this variable with this value, inherited from whoever started it?
 * Always false where the system does not tell (other than Linux, other users' processes).
 */
export function carriesVariable(pid: number, name: string, value: string): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`.includes(`\0${name}=${value}\0`);
  } catch {
    return false;
  }
}

/** proc(5): the name in brackets may hold blanks and brackets, so fields count from the last bracket. */
function readLinuxEntry(pid: number): ProcessEntry | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state = 'X', parent = '0', group = '0'] = fields;
    const startTicks = fields[19];
    if (state === 'Z' || state === 'X' || startTicks === undefined) return undefined;
    return {
      pid,
      parentPid: Number(parent),
      groupId: Number(group),
      startTime: `${bootId()}/${startTicks}`,
    };
  } catch {
    return undefined;
  }
}

let knownBootId: string | undefined;

/** Start times count from the boot, so the boot is part of them. */
function bootId(): string {
  if (knownBootId === undefined) {
    try {
      knownBootId = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    } catch {
      knownBootId = '';
    }
  }
  return knownBootId;
}

/** `lstart` is last, as it has blanks: `Mon Jan  5 10:00:00 2026`. */
function listWithPs(selection: readonly string[]): readonly ProcessEntry[] {
  try {
    const text = execFileSync('ps', [...selection, '-o', 'pid=,ppid=,pgid=,stat=,lstart='], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '/bin:/usr/bin', LC_ALL: 'C' },
      maxBuffer: MAX_TABLE_BYTES,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return text.split('\n').flatMap((line) => {
      const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line);
      if (!match || match[4]?.startsWith('Z')) return [];
      const [, pid, parentPid, groupId, , startTime = ''] = match;
      return [{ pid: Number(pid), parentPid: Number(parentPid), groupId: Number(groupId), startTime }];
    });
  } catch {
    return [];
  }
}
