/**
 * Writes src/install/crds/istio.json.gz: the CustomResourceDefinitions that an installation brings, from the Go modules
 * istio.io/api and sigs.k8s.io/mcs-api. Needs `go`; run only when one of the APIs is upgraded.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parseAllDocuments } from 'yaml';

const MODULES = [
  { module: 'istio.io/api@v1.31.1', path: 'kubernetes/customresourcedefinitions.gen.yaml' },
  { module: 'sigs.k8s.io/mcs-api@v0.5.2', path: 'config/crd' },
];
const OUTPUT = join(import.meta.dirname, '../../src/install/crds/istio.json.gz');

interface Definition {
  readonly kind?: string;
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
}

function filesOf(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(path, name));
}

const definitions = MODULES.flatMap(({ module, path }) => {
  const downloaded = execFileSync('go', ['mod', 'download', '-json', module], { encoding: 'utf8' });
  const { Dir: folder } = JSON.parse(downloaded) as { readonly Dir: string };
  return filesOf(join(folder, path))
    .flatMap((file) => parseAllDocuments(readFileSync(file, 'utf8')))
    .map((document) => document.toJS() as Definition | null)
    .filter((definition): definition is Definition => definition?.kind === 'CustomResourceDefinition')
    .map((definition) => ({ module, definition }));
});
const file = {
  modules: MODULES.map(({ module }) => module),
  definitions: definitions.map(({ definition }) => definition),
};
// The header's time is left out, so that the same definitions are the same bytes.
const bytes = gzipSync(JSON.stringify(file), { level: 9 });
writeFileSync(OUTPUT, bytes);
console.log(
  `${definitions.length} definitions, ${bytes.length} bytes: ${definitions.map(({ definition }) => definition.metadata.name).join(' ')}`,
);
