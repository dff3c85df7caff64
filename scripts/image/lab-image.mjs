/**
 * Puts our image into the lab's cache: `node scripts/image/lab-image.mjs NAME:TAG`. The base has Debian, Envoy and iptables. What
 * has not changed since is not made again, unless a lab is up, whose nodes are to have it.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeRootfs } from './rootfs.mjs';

const [name] = process.argv.slice(2);
if (!name) {
  process.stderr.write('usage: node scripts/image/lab-image.mjs NAME:TAG\n');
  process.exit(2);
}
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const lab = join(root, 'test', 'kubernetes', 'lab', 'lab');

/** Of everything that the image is made of in this checkout: names, sizes and times. */
function fingerprint() {
  const hash = createHash('sha256').update(root);
  const add = (path) => {
    const stat = statSync(path);
    if (!stat.isDirectory()) hash.update(`${path} ${stat.size} ${stat.mtimeMs}\n`);
    else for (const entry of readdirSync(path).sort()) add(join(path, entry));
  };
  for (const path of ['bin', 'src', 'package.json', 'package-lock.json', 'scripts/image']) add(join(root, path));
  return hash.digest('hex');
}

/** Where the lab keeps the image, with what it was made of beside it. */
function keyFile() {
  const { stdout } = spawnSync(lab, ['env'], { encoding: 'utf8' });
  const [, bin] = /KUBEBUILDER_ASSETS=(\S+)/.exec(stdout ?? '') ?? [];
  return bin ? join(dirname(bin), 'images', `${name.replaceAll(/[/:]/g, '_')}.key`) : undefined;
}

const key = keyFile();
const made = fingerprint();
const isThere = key !== undefined && existsSync(key) && existsSync(key.replace(/key$/, 'tar'));
const isCurrent = isThere && readFileSync(key, 'utf8') === made;
if (isCurrent && !existsSync('/run/k8s-lab.owner')) process.exit(0);

const folder = mkdtempSync(join(tmpdir(), 'pelagos-image-'));
try {
  makeRootfs(folder);
  const args = ['image', name, folder, '--base', 'k8s-lab.local/base:1', '--user', '65532', '--workdir', '/app'];
  const { status } = spawnSync(lab, [...args, '--entrypoint', '/app/bin/pelagos'], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
  if (status === 0 && key !== undefined) writeFileSync(key, made);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
