// Makes the TypeScript modules of Envoy's API (src/envoy/gen) out of the committed descriptors
// (src/envoy/descriptors.binpb.gz, written by scripts/envoy-types). Set-up calls it; it also runs alone:
//
//   node scripts/generate-envoy-types.mjs
//
// The plugin protoc-gen-es runs inside this process on one CodeGeneratorRequest for all files. That takes
// seconds; `buf generate` over the same descriptors takes minutes.

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const PARAMETER = 'target=ts,import_extension=ts,erasable_syntax=true';
const STAMP = '.stamp';
/** Far above the real size (1 MB): a damaged or hostile archive stops here instead of filling memory. */
const MAX_DESCRIPTOR_BYTES = 64 * 1024 * 1024;

/**
 * Brings `src/envoy/gen` under `root` up to date. Does nothing when its stamp (a hash over the descriptors,
 * the plugin's version, the options and this file) says it already is. The folder appears whole or not at all.
 *
 * @param {string} root the repository's folder
 * @returns {Promise<{ changed: boolean, message: string }>} one line to show a person
 */
export async function generateEnvoyTypes(root) {
  const startedMs = performance.now();
  const target = join(root, 'src/envoy/gen');
  const packed = await readFile(join(root, 'src/envoy/descriptors.binpb.gz'));
  const require = createRequire(join(root, 'package.json'));
  const stamp = await stampOf(packed, require);
  if ((await readFile(join(target, STAMP), 'utf8').catch(() => '')) === stamp) {
    return { changed: false, message: 'Envoy types are up to date' };
  }
  const descriptors = gunzipSync(packed, { maxOutputLength: MAX_DESCRIPTOR_BYTES });
  const files = [...generate(descriptors, require), descriptorSetModule(descriptors), { name: STAMP, content: stamp }];
  await writeAtomically(root, target, files);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  return { changed: true, message: `Envoy types generated: ${files.length - 1} modules in ${seconds} s` };
}

async function stampOf(packed, require) {
  const plugin = JSON.parse(await readFile(require.resolve('@bufbuild/protoc-gen-es/package.json'), 'utf8'));
  const hash = createHash('sha256').update(packed).update(`\n${plugin.version}\n${PARAMETER}\n`);
  return hash.update(await readFile(fileURLToPath(import.meta.url))).digest('hex');
}

/** Runs the plugin over every file but google/protobuf/*, which @bufbuild/protobuf itself carries. */
function generate(descriptors, require) {
  const { create, fromBinary } = require('@bufbuild/protobuf');
  const { CodeGeneratorRequestSchema, FileDescriptorSetSchema } = require('@bufbuild/protobuf/wkt');
  const { protocGenEs } = require('@bufbuild/protoc-gen-es/dist/cjs/src/protoc-gen-es-plugin.js');
  const set = fromBinary(FileDescriptorSetSchema, descriptors);
  const names = set.file.map((file) => file.name);
  const request = create(CodeGeneratorRequestSchema, {
    parameter: PARAMETER,
    protoFile: set.file,
    fileToGenerate: names.filter((name) => !name.startsWith('google/protobuf/')),
  });
  const response = protocGenEs.run(request);
  if (response.error) throw new Error(`protoc-gen-es refused the Envoy descriptors: ${response.error}`);
  return response.file;
}

/** All descriptors as one module, for code that must read any type and may not read files. */
function descriptorSetModule(descriptors) {
  const base64 = Buffer.from(descriptors).toString('base64');
  const doc = "/** The google.protobuf.FileDescriptorSet of every type of Envoy's API, in base64. */";
  return {
    name: 'descriptor-set.ts',
    content: `${doc}\nexport const DESCRIPTOR_SET_BASE64: string =\n  '${base64}';\n`,
  };
}

async function writeAtomically(root, target, files) {
  // build/ is git-ignored and on the same file system as the target, so the rename is one step.
  const build = join(root, 'build');
  await mkdir(build, { recursive: true });
  const fresh = await mkdtemp(join(build, 'envoy-gen-'));
  try {
    const folders = new Set(files.map((file) => dirname(join(fresh, file.name))));
    for (const folder of folders) await mkdir(folder, { recursive: true });
    for (const file of files) await writeFile(join(fresh, file.name), file.content);
    await replaceFolder(fresh, target);
  } finally {
    await rm(fresh, { recursive: true, force: true });
    // Refuses when the folder holds anything else, which is what is wanted.
    await rmdir(build).catch(() => undefined);
  }
}

/** A rename cannot replace a folder that holds files, so the old one steps aside first. Another run may win the race. */
async function replaceFolder(fresh, target) {
  const aside = `${fresh}-old`;
  for (let attempt = 0; ; attempt++) {
    await rename(target, aside).catch(ignoreMissing);
    await rm(aside, { recursive: true, force: true });
    try {
      return await rename(fresh, target);
    } catch (error) {
      if (attempt >= 3 || !['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(error.code)) throw error;
    }
  }
}

function ignoreMissing(error) {
  if (error.code !== 'ENOENT') throw error;
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
  console.log((await generateEnvoyTypes(root)).message);
}
