import { execFileSync } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** `$COREDNS`, else the first one on the path, else out of the image that the lab has built, unpacked into the folder. */
export function coreDnsBinary(folder: string): string | undefined {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((each) => join(each, 'coredns'));
  const found = [process.env['COREDNS'] ?? '', ...onPath].find(runs);
  return found ?? unpacked(folder);
}

/** For the option `skip` of a test: the reason, or false. Under CI nothing is skipped: the test fails with the reason. */
export function withoutCoreDns(): string | false {
  const isThere = coreDnsBinary('') !== undefined || labImage() !== undefined;
  const reason = 'no CoreDNS: neither $COREDNS, nor one on the path, nor one that the lab has built (lab build --dns)';
  return !isThere && process.env['CI'] !== 'true' ? reason : false;
}

function labImage(): string | undefined {
  const cache = join(homedir(), '.cache', 'k8s-lab');
  const folders = namesIn(cache).map((name) => join(cache, name, 'images'));
  return folders
    .flatMap((folder) => namesIn(folder).map((name) => join(folder, name)))
    .find((path) => /_coredns_/.test(path));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** An image is an archive of archives; the program is alone in its only layer. */
function unpacked(folder: string): string | undefined {
  const image = folder === '' ? undefined : labImage();
  if (!image) return undefined;
  execFileSync('tar', ['xf', image, '-C', folder]);
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as readonly {
    readonly Layers: readonly string[];
  }[];
  for (const layer of manifest[0]?.Layers ?? []) execFileSync('tar', ['xf', join(folder, layer), '-C', folder]);
  return join(folder, 'coredns');
}

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return path !== '';
  } catch {
    return false;
  }
}
