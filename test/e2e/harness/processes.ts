/** What runs on this machine for one fleet, found by what no process can leave out: arguments, environment, folder. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
  readonly environment: string;
}

/** Every process but this one whose arguments, environment or working folder name the folder. Linux only. */
export function processesOf(folder: string): readonly FoundProcess[] {
  return pids().flatMap((pid) => {
    const found = { pid, command: contentOf(pid, 'cmdline'), environment: contentOf(pid, 'environ') };
    const isOurs = [found.command, found.environment, folderOf(pid)].some((text) => text.includes(folder));
    return pid !== process.pid && isOurs ? [found] : [];
  });
}

/** The Envoy that stands before a pod. */
export function envoysOf(folder: string, pod: string): readonly FoundProcess[] {
  return processesOf(folder).filter(({ command }) => isEnvoy(command) && command.includes(`${pod}.`));
}

/** The application of a pod, without what `exec` runs in its name. */
export function appsOf(folder: string, pod: string): readonly FoundProcess[] {
  return processesOf(folder).filter(
    ({ command, environment }) => command.includes('echo/main.ts') && environment.includes(`POD_NAME=${pod}\0`),
  );
}

export function isEnvoy(command: string): boolean {
  return command.includes('--config-yaml');
}

/** @returns false where the process has gone already. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

function pids(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function contentOf(pid: number, name: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}

function folderOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}
