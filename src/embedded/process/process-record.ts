/** The notes of which processes run, one file each, so that whoever comes after a kill knows what to end. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ProcessRecord {
  /** Also the id of the process group that it leads. */
  readonly pid: number;
  readonly startTime: string;
  /** For messages: `cluster1/default/service-0/app`. */
  readonly name: string;
  /** Value of {@link MARK_VARIABLE} in the process and in all that it starts. */
  readonly mark: string;
}

/** The variable that tells which process group object a process comes from. It is no secret. */
export const MARK_VARIABLE = 'PELAGOS_PROCESS_GROUP';

const MAX_RECORD_BYTES = 4_096;
const MAX_RECORDS = 20_000;

export function formatProcessRecord(record: ProcessRecord): string {
  return `${JSON.stringify(record)}\n`;
}

/** @returns undefined where the text is no record: such a file is nobody's, and nothing is ended for it. */
export function parseProcessRecord(text: string): ProcessRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { pid, startTime, name, mark } = value as Partial<Record<string, unknown>>;
    if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 2) return undefined;
    if (typeof startTime !== 'string' || typeof name !== 'string' || typeof mark !== 'string') return undefined;
    return startTime === '' || mark === '' ? undefined : { pid, startTime, name, mark };
  } catch {
    return undefined;
  }
}

/** Written at once and whole: the process may be killed in the next moment. */
export function writeProcessRecord(folder: string, record: ProcessRecord): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = recordPath(folder, record.pid);
  writeFileSync(`${path}.new`, formatProcessRecord(record), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function removeProcessRecord(folder: string, pid: number): void {
  rmSync(recordPath(folder, pid), { force: true });
}

/** Every record of the folder; none where there is no such folder. */
export function readProcessRecords(folder: string): readonly ProcessRecord[] {
  return namesOf(folder).flatMap((name) => {
    const record = readRecord(join(folder, name));
    return record && name === `${record.pid}.json` ? [record] : [];
  });
}

function readRecord(path: string): ProcessRecord | undefined {
  try {
    return statSync(path).size > MAX_RECORD_BYTES ? undefined : parseProcessRecord(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function namesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder).slice(0, MAX_RECORDS);
  } catch {
    return [];
  }
}

function recordPath(folder: string, pid: number): string {
  return join(folder, `${pid}.json`);
}
