/**
 * Writes src/config/schemas/istio.gen.json from the CustomResourceDefinitions of the Go module istio.io/api.
 * Needs `go`; run only when the Istio API is upgraded.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Schema, SchemaFile } from '../../src/config/schema/schema.ts';
import { type OpenApiSchema, reduceSchema } from './reduce-schema.ts';
import { shareSchemas } from './share-schemas.ts';

const ISTIO_API = 'istio.io/api@v1.31.1';
const CRD_FILE = 'kubernetes/customresourcedefinitions.gen.yaml';
const OUTPUT = join(import.meta.dirname, '../../src/config/schemas/istio.gen.json');

/** Fields of Istio's main line that the released definitions do not have yet. Take out what a new release brings. */
function addNewFields(kind: string, spec: Schema): Schema {
  const rules = spec.properties?.['jwtRules'];
  if (kind !== 'RequestAuthentication' || !rules?.items?.properties) return spec;
  if (rules.items.properties['presence']) throw new Error('the release has jwtRules.presence now');
  const presence: Schema = { type: 'string', enum: ['OPTIONAL', 'REQUIRED'] };
  const items = { ...rules.items, properties: { ...rules.items.properties, presence } };
  return { ...spec, properties: { ...spec.properties, jwtRules: { ...rules, items } } };
}

interface CustomResourceDefinition {
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced' | 'Cluster';
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly schema: { readonly openAPIV3Schema: OpenApiSchema };
    }[];
  };
}

const downloaded = execFileSync('go', ['mod', 'download', '-json', ISTIO_API], { encoding: 'utf8' });
const { Dir: folder } = JSON.parse(downloaded) as { Dir: string };
const definitions = parseAllDocuments(readFileSync(join(folder, CRD_FILE), 'utf8'))
  .map((document) => document.toJS() as CustomResourceDefinition | null)
  .filter((definition) => definition !== null);

const specs: Record<string, Schema> = {};
const kinds: Record<string, Omit<SchemaFile['kinds'][string], 'spec'>> = {};
for (const { spec } of definitions) {
  const kind = spec.names.kind;
  const versions = spec.versions.filter((version) => version.served);
  const texts = new Set(versions.map((version) => JSON.stringify(version.schema)));
  const [first] = versions;
  if (!first || texts.size !== 1) throw new Error(`${kind}: the versions have different schemas`);
  const root = reduceSchema(first.schema.openAPIV3Schema, kind);
  const body = root.properties?.['spec'];
  if (!body) throw new Error(`${kind} has no spec`);
  specs[kind] = addNewFields(kind, body);
  kinds[kind] = {
    group: spec.group,
    versions: versions.map((version) => version.name),
    namespaced: spec.scope === 'Namespaced',
    specRequired: root.required?.includes('spec') ?? false,
  };
}

const { roots, shared } = shareSchemas(specs);
const file: SchemaFile = {
  source: ISTIO_API,
  kinds: Object.fromEntries(
    Object.entries(kinds).map(([kind, definition]) => [kind, { ...definition, spec: roots[kind] ?? {} }]),
  ),
  shared,
};
writeFileSync(OUTPUT, `${JSON.stringify(file)}\n`);
console.log(`${Object.keys(kinds).length} kinds, ${JSON.stringify(file).length} bytes`);
