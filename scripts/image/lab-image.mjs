/** Puts our image into the lab's cache: `node scripts/image/lab-image.mjs NAME:TAG`. The base has Debian, Envoy and iptables. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
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
const folder = mkdtempSync(join(tmpdir(), 'pelagos-image-'));
try {
  makeRootfs(folder);
  const args = ['image', name, folder, '--base', 'k8s-lab.local/base:1', '--user', '65532', '--workdir', '/app'];
  const { status } = spawnSync(lab, [...args, '--entrypoint', '/app/bin/pelagos'], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
