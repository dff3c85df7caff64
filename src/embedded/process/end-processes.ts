/** Ends whole process groups: politely first, for certain in the end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { MARK_VARIABLE, type ProcessRecord, readProcessRecords, removeProcessRecord } from './process-record.ts';
import { carriesVariable, listProcesses, startTimeOf } from './process-table.ts';

const POLL_MS = 25;
/** After SIGKILL the kernel needs a moment; what is there after that waits for a device and cannot be ended. */
const KILL_WAIT_MS = 5_000;

/** Sends a signal (0: none, only looks) to every process of a group. @returns false where there is no such group any more. */
export function signalGroup(groupId: number, signal: NodeJS.Signals | 0): boolean {
  // To the system, group 0 is one's own, and group 1 is everybody.
  if (groupId < 2) return false;
  try {
    process.kill(-groupId, signal);
    return true;
  } catch (error) {
    // EPERM: some members are another user's (a set-uid program); the others have got it.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Does any process of the group run? Zombies do not count. */
export function groupRuns(groupId: number): boolean {
  if (!signalGroup(groupId, 0)) return false;
  return listProcesses().some((entry) => entry.groupId === groupId);
}

/** SIGTERM to the group, SIGKILL to what is left of it after `graceMs`. Resolves when none of it runs. */
export async function endGroup(groupId: number, graceMs: number): Promise<void> {
  if (!signalGroup(groupId, 'SIGTERM')) return;
  if (await goneWithin(groupId, graceMs)) return;
  signalGroup(groupId, 'SIGKILL');
  await goneWithin(groupId, KILL_WAIT_MS);
}

async function goneWithin(groupId: number, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  while (groupRuns(groupId)) {
    if (performance.now() >= end) return false;
    await sleep(POLL_MS);
  }
  return true;
}

/** What {@link reapLeftovers} has ended. */
export interface Reaped {
  /** Names of the processes whose groups were ended. */
  readonly names: readonly string[];
}

/**
 * Ends what a killed owner of `recordsFolder` left running, and clears the folder. Only ends a group whose leader is
 * the very process that was noted (pid and start time), or, where the leader is gone, processes that carry its mark.
 * Nobody may be using the folder at the same time.
 * @param graceMs between SIGTERM and SIGKILL.
 */
export async function reapLeftovers(recordsFolder: string, graceMs = 2_000): Promise<Reaped> {
  const records = readProcessRecords(recordsFolder);
  const names = await Promise.all(records.map((record) => reap(record, graceMs)));
  for (const mark of new Set(records.map(({ mark }) => mark))) await endMarked(mark);
  for (const { pid } of records) removeProcessRecord(recordsFolder, pid);
  return { names: names.filter((name) => name !== undefined) };
}

async function reap(record: ProcessRecord, graceMs: number): Promise<string | undefined> {
  const startTime = startTimeOf(record.pid);
  // A pid is not given out again while a group of that number is left, so a stranger there means that ours is gone.
  if (startTime !== undefined && startTime !== record.startTime) return undefined;
  if (startTime === undefined) return (await endOrphans(record, graceMs)) ? record.name : undefined;
  await endGroup(record.pid, graceMs);
  return record.name;
}

/** The leader is gone; what it left in its group is ended where it carries the mark. */
async function endOrphans(record: ProcessRecord, graceMs: number): Promise<boolean> {
  const members = listProcesses().filter(({ groupId }) => groupId === record.pid);
  if (!members.some(({ pid }) => carriesVariable(pid, MARK_VARIABLE, record.mark))) return false;
  await endGroup(record.pid, graceMs);
  return true;
}

/** SIGKILL to every process with the mark, also to one that left its group (daemons). Linux only: elsewhere none is found. */
export async function endMarked(mark: string): Promise<void> {
  const end = performance.now() + KILL_WAIT_MS;
  for (;;) {
    const marked = listProcesses().filter(
      ({ pid }) => pid !== process.pid && carriesVariable(pid, MARK_VARIABLE, mark),
    );
    if (marked.length === 0 || performance.now() >= end) return;
    for (const { pid } of marked) killOne(pid);
    await sleep(POLL_MS);
  }
}

function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself between the look and the kill.
  }
}
