import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { cachedEnvoyPath, ENVOY_VERSION, findEnvoy, parseEnvoyVersion } from './envoy-binary.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pelagos-envoy-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that answers `--version` as Envoy does, and notes that it was asked. */
function program(path: string, version: string): string {
  mkdirSync(dirname(path), { recursive: true });
  const line = `envoy  version: 9e5580933739775e8bce696a57a2e1bc99368f23/${version}/Clean/RELEASE/BoringSSL`;
  writeFileSync(path, `#!/bin/sh\necho asked >> '${folder}/asked'\necho '${line}'\n`);
  chmodSync(path, 0o755);
  return path;
}

function environment(...path: readonly string[]): Record<string, string> {
  return { PATH: path.join(delimiter), XDG_CACHE_HOME: join(folder, 'cache') };
}

test('the version is read from what Envoy prints', () => {
  const commit = '9e5580933739775e8bce696a57a2e1bc99368f23';
  assert.equal(parseEnvoyVersion(`\n/x/envoy  version: ${commit}/1.40.0/Clean/RELEASE/BoringSSL\n`), '1.40.0');
  assert.equal(parseEnvoyVersion(`envoy  version: ${commit}/1.41.0-dev/Modified/RELEASE/BoringSSL`), '1.41.0-dev');
  assert.equal(parseEnvoyVersion('istioctl 1.31'), undefined);
});

test('what is named is taken, and nothing else: the flag before the variable', async () => {
  const flag = program(join(folder, 'flag'), ENVOY_VERSION);
  const variable = program(join(folder, 'variable'), '1.20.0');
  const env = { ...environment(), PELAGOS_ENVOY: variable };
  const byFlag = await findEnvoy(flag, env);
  assert.deepEqual(byFlag, { kind: 'found', path: flag, version: ENVOY_VERSION, warnings: [] });
  const byVariable = await findEnvoy(undefined, env);
  assert.equal(byVariable.kind === 'found' && byVariable.warnings[0]?.code, 'PEL5005');
  program(cachedEnvoyPath(env), ENVOY_VERSION);
  const absent = await findEnvoy(join(folder, 'absent'), env);
  assert.equal(absent.kind, 'missing');
  assert.match(absent.kind === 'missing' ? absent.diagnostic.message : '', /--envoy .*absent: no executable file/);
});

test('on the PATH the right version is wanted; before a wrong one comes the cache', async () => {
  program(join(folder, 'old', 'envoy'), '1.20.0');
  const right = program(join(folder, 'right', 'envoy'), ENVOY_VERSION);
  const env = environment('', join(folder, 'old'), join(folder, 'right'));
  assert.deepEqual(await findEnvoy(undefined, env), {
    kind: 'found',
    path: right,
    version: ENVOY_VERSION,
    warnings: [],
  });
  rmSync(right);
  const old = await findEnvoy(undefined, env);
  assert.equal(old.kind === 'found' && old.version, '1.20.0');
  const cached = program(cachedEnvoyPath(env), ENVOY_VERSION);
  const found = await findEnvoy(undefined, env);
  assert.equal(found.kind === 'found' && found.path, cached);
});

test('an Envoy is asked for its version once, and again when the file has changed', async () => {
  const path = program(join(folder, 'envoy'), ENVOY_VERSION);
  const env = environment();
  await findEnvoy(path, env);
  await findEnvoy(path, env);
  assert.equal(readFileSync(join(folder, 'asked'), 'utf8'), 'asked\n');
  program(path, '1.39.10');
  const changed = await findEnvoy(path, env);
  assert.equal(changed.kind === 'found' && changed.version, '1.39.10');
});

test('a program that is no Envoy, or cannot run here, is told with the reason', async () => {
  const foreign = join(folder, 'foreign');
  writeFileSync(foreign, 'not a program for this machine\0');
  chmodSync(foreign, 0o755);
  const unable = await findEnvoy(foreign, environment());
  assert.match(unable.kind === 'missing' ? unable.diagnostic.message : '', /it cannot be run here/);
  const other = await findEnvoy(process.execPath, environment());
  assert.match(other.kind === 'missing' ? other.diagnostic.message : '', /it does not say its version/);
  const none = await findEnvoy(undefined, environment(join(folder, 'nowhere')));
  assert.match(none.kind === 'missing' ? none.diagnostic.message : '', /the PATH: there is none; .*no executable file/);
});

test('set-up gets the Envoy that is looked for here', () => {
  const setUp = readFileSync(join(import.meta.dirname, '../../scripts/setup/envoy.mjs'), 'utf8');
  assert.equal(/ENVOY_VERSION = '([^']+)'/.exec(setUp)?.[1], ENVOY_VERSION);
});
