/**
 * Every step of set-up: npm packages, code generated from Envoy's API, the pinned Envoy, `npx pelagos` and `npx
 * istioctl`. Plain JavaScript with nothing but Node (20 or later), because it runs before there is anything else. A step
 * that is done already is passed over in silence.
 */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { installEnvoy } from './setup/envoy.mjs';
import { fail, run, SetupError } from './setup/step.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Runs a step with a line that says what it does and how long it took. */
async function step(title, isDone, action) {
  if (await isDone()) return;
  const started = Date.now();
  process.stderr.write(`${title} ...`);
  await action();
  process.stderr.write(` done in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

const packagesStamp = join(root, 'node_modules', '.pelagos-setup');

function packagesHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

function packagesDone() {
  return existsSync(packagesStamp) && readFileSync(packagesStamp, 'utf8') === packagesHash();
}

async function installPackages() {
  // Not `npm ci`: it refuses a lock file in which a registry lacks an optional package for another platform.
  const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output } = await run('npm', args, { cwd: root });
  if (code !== 0) {
    fail({
      what: 'npm could not install the packages',
      why: 'the control plane and the command are made of them',
      remedy: 'Look at what npm says below; without network, run it once where there is one.',
      output,
    });
  }
  writeFileSync(packagesStamp, packagesHash());
}

/** One program under two names: it looks at the name that it was called by. */
const commands = ['pelagos', 'istioctl'].map((name) => join(root, 'node_modules', '.bin', name));

function commandsDone() {
  return commands.every((command) => lstatSync(command, { throwIfNoEntry: false })?.isSymbolicLink() ?? false);
}

function linkCommands() {
  for (const command of commands) {
    rmSync(command, { force: true });
    symlinkSync('../../bin/pelagos', command);
  }
}

/** All steps, in the order in which one needs the other. */
export async function setup() {
  const [major] = process.versions.node.split('.').map(Number);
  if (major < 20)
    fail({
      what: `this is Node ${process.versions.node}`,
      why: 'Node 20 or later is needed',
      remedy: 'Install a newer Node.',
    });
  await step('Installing npm packages', packagesDone, installPackages);
  const { generateEnvoyTypes } = await import(pathToFileURL(join(root, 'scripts', 'generate-envoy-types.mjs')).href);
  await step(
    "Generating code from Envoy's API",
    () => existsSync(join(root, 'src', 'envoy', 'gen')) && isCurrent(generateEnvoyTypes),
    () => generateEnvoyTypes(root),
  );
  await installEnvoy(step);
  await step('Linking the commands', commandsDone, linkCommands);
}

/** The generator itself knows whether its output is current, and then does nothing. */
async function isCurrent(generateEnvoyTypes) {
  await generateEnvoyTypes(root);
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await setup();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    process.exit(1);
  }
}
