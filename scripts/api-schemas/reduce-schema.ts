import type { Schema, SchemaRule } from '../../src/config/schema/schema.ts';

/** An OpenAPI v3 schema as CustomResourceDefinitions carry it. */
export type OpenApiSchema = Readonly<Record<string, unknown>>;

/** Keys that are carried over as they are. */
const KEPT = [
  'type',
  'nullable',
  'required',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'default',
] as const;

/** Keys that are read below, or say nothing about validity. */
const KNOWN = new Set<string>([
  ...KEPT,
  'description',
  'format',
  'properties',
  'items',
  'additionalProperties',
  'oneOf',
  'anyOf',
  'allOf',
  'x-kubernetes-validations',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-int-or-string',
]);

/** @throws where the schema has a form that this program does not know. */
export function reduceSchema(source: OpenApiSchema, path: string): Schema {
  for (const key of Object.keys(source)) {
    if (!KNOWN.has(key)) throw new Error(`${path}: unknown key ${key}`);
  }
  const schema: Record<string, unknown> = {};
  for (const key of KEPT) if (source[key] !== undefined) schema[key] = source[key];
  if (source['x-kubernetes-int-or-string'] === true) schema['type'] = 'int-or-string';
  if (source['x-kubernetes-preserve-unknown-fields'] === true) schema['open'] = true;
  if (source['format'] === 'byte') schema['format'] = 'byte';
  const exclusive = readExclusive(source, path);
  if (exclusive.length > 0) schema['exclusive'] = exclusive;
  const rules = readRules(source);
  if (rules.length > 0) schema['rules'] = rules;
  if (source['x-kubernetes-list-map-keys']) schema['listKeys'] = source['x-kubernetes-list-map-keys'];
  reduceChildren(source, schema, path);
  return schema as Schema;
}

function reduceChildren(source: OpenApiSchema, schema: Record<string, unknown>, path: string): void {
  const properties = source['properties'] as Record<string, OpenApiSchema> | undefined;
  if (properties) {
    schema['properties'] = Object.fromEntries(
      Object.entries(properties).map(([name, child]) => [name, reduceSchema(child, `${path}.${name}`)]),
    );
  }
  if (source['items']) schema['items'] = reduceSchema(source['items'] as OpenApiSchema, `${path}[]`);
  const values = source['additionalProperties'];
  if (typeof values === 'object' && values !== null) {
    schema['values'] = reduceSchema(values as OpenApiSchema, `${path}{}`);
  }
}

/** Istio's `oneof` fields: `oneOf: [not any of the fields, field a, field b, ...]`, alone or as parts of an allOf. */
function readExclusive(source: OpenApiSchema, path: string): string[][] {
  if (source['x-kubernetes-int-or-string'] === true) return [];
  if (source['anyOf'] !== undefined) throw new Error(`${path}: anyOf is known only of int-or-string`);
  const parts = [source, ...((source['allOf'] as OpenApiSchema[] | undefined) ?? [])];
  return parts.flatMap((part) => {
    const choices = part['oneOf'] as OpenApiSchema[] | undefined;
    if (!choices) return [];
    const [none, ...fields] = choices;
    const names = fields.map((field) => (field['required'] as string[])[0] ?? '');
    const expected = { not: { anyOf: names.map((name) => ({ required: [name] })) } };
    if (JSON.stringify(none) !== JSON.stringify(expected)) throw new Error(`${path}: unknown form of oneOf`);
    return names.length > 1 ? [names] : [];
  });
}

function readRules(source: OpenApiSchema): SchemaRule[] {
  const rules = (source['x-kubernetes-validations'] as { rule: string; message?: string }[] | undefined) ?? [];
  return rules.map(({ rule, message }) => ({ rule: rule.replace(/\s+/g, ' '), ...(message ? { message } : {}) }));
}
