import type { LaunchSpec } from '../../proxies/index.ts';
import type { BackOff } from './back-off.ts';

/** A process to run, and to keep running where `restart` says so. */
export interface ProcessSpec extends Omit<LaunchSpec, 'restart'> {
  readonly restart: 'always' | 'on-failure' | 'never';
  readonly backOff?: BackOff;
}

export function formatProcessEnd(exitCode: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `signal ${signal}`;
  if (exitCode === 127) return 'exit code 127: command not found';
  if (exitCode === 126) return 'exit code 126: the command may not be executed';
  return `exit code ${exitCode ?? 'unknown'}`;
}
