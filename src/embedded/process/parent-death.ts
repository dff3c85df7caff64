import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** undefined: not looked for yet; empty: there is none that fits. */
let setprivPath: string | undefined;

/**
 * Wraps a command so that the kernel kills it when this process is killed (Linux, util-linux' setpriv; elsewhere the
 * command as it is). It is for the command alone, not for what that starts: the process records are for those.
 */
export function withParentDeathSignal(
  command: string,
  args: readonly string[],
): { readonly command: string; readonly args: readonly string[] } {
  setprivPath ??= findSetpriv();
  if (setprivPath === '') return { command, args };
  return { command: setprivPath, args: ['--pdeathsig', 'KILL', '--', command, ...args] };
}

/** Another setpriv (busybox) has no such option. */
function findSetpriv(): string {
  if (process.platform !== 'linux') return '';
  const folders = `${process.env['PATH'] ?? ''}${delimiter}/usr/bin`.split(delimiter);
  const path = folders
    .map((folder) => join(folder || '/usr/bin', 'setpriv'))
    .find((candidate) => existsSync(candidate));
  if (path === undefined) return '';
  const options = { stdio: 'ignore', timeout: 5_000 } as const;
  return spawnSync(path, ['--pdeathsig', 'KILL', '--', 'true'], options).status === 0 ? path : '';
}
