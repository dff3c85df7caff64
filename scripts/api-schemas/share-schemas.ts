import type { Schema } from '../../src/config/schema/schema.ts';

/** Schemas smaller than this are cheaper to repeat than to refer to. */
const MIN_SHARED_LENGTH = 120;

/**
 * Replaces every larger schema that occurs more than once by a reference into one list (traffic policies occur in
 * three places of a DestinationRule).
 */
export function shareSchemas(roots: Readonly<Record<string, Schema>>): {
  readonly roots: Record<string, Schema>;
  readonly shared: Schema[];
} {
  const counts = new Map<string, number>();
  for (const root of Object.values(roots)) count(root, counts);
  const indexes = new Map<string, number>();
  const shared: Schema[] = [];
  const replace = (schema: Schema): Schema => {
    const text = JSON.stringify(schema);
    if (text.length < MIN_SHARED_LENGTH || (counts.get(text) ?? 0) < 2) return mapChildren(schema, replace);
    let index = indexes.get(text);
    if (index === undefined) {
      const replaced = mapChildren(schema, replace);
      index = shared.push(replaced) - 1;
      indexes.set(text, index);
    }
    return { ref: index };
  };
  const replaced = Object.fromEntries(Object.entries(roots).map(([name, root]) => [name, mapChildren(root, replace)]));
  return { roots: replaced, shared };
}

function count(schema: Schema, counts: Map<string, number>): void {
  const text = JSON.stringify(schema);
  const before = counts.get(text) ?? 0;
  counts.set(text, before + 1);
  if (before > 0) return;
  mapChildren(schema, (child) => {
    count(child, counts);
    return child;
  });
}

function mapChildren(schema: Schema, map: (child: Schema) => Schema): Schema {
  return {
    ...schema,
    ...(schema.properties
      ? { properties: Object.fromEntries(Object.entries(schema.properties).map(([name, child]) => [name, map(child)])) }
      : {}),
    ...(schema.items ? { items: map(schema.items) } : {}),
    ...(schema.values ? { values: map(schema.values) } : {}),
  };
}
