import { relative } from 'node:path';

/** As the person who started the fleet would name it: relative to where they are, unless that is far off. */
export function ownFolderName(path: string): string {
  const shown = relative(process.cwd(), path);
  return shown === '' || shown.startsWith('..') ? path : shown;
}
