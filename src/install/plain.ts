/** Values as YAML and JSON have them. */
export type Plain = Readonly<Record<string, unknown>>;

export function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The map itself, or an empty one. */
export function plain(value: unknown): Plain {
  return isPlain(value) ? value : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** What stands at a path of map keys. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((found, key) => (isPlain(found) ? found[key] : undefined), value);
}

/** Text as people write it in values: numbers and booleans count as their own spelling; undefined for nothing. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  if (typeof found === 'number' || typeof found === 'boolean') return String(found);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

export function flagAt(value: unknown, ...path: readonly string[]): boolean {
  const found = at(value, ...path);
  return found === true || found === 'true';
}

/**
 * `over` on top of `base`: maps are joined key by key, null takes a key away (as Helm has it), all else is replaced.
 * Lists whose items all have a `name` (gateways, environment) are joined by that name.
 */
export function merge(base: unknown, over: unknown): unknown {
  if (isPlain(base) && isPlain(over)) {
    const result: Record<string, unknown> = { ...base };
    for (const [key, value] of Object.entries(over)) {
      if (value === null) delete result[key];
      else define(result, key, merge(base[key], value));
    }
    return result;
  }
  if (isNamed(base) && isNamed(over)) return mergeNamed(base, over);
  return isPlain(over) ? merge({}, over) : over;
}

/** `__proto__` is a key like any other. */
export function define(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}

type Named = readonly (Plain & { readonly name: string })[];

function isNamed(value: unknown): value is Named {
  return (
    Array.isArray(value) && value.length > 0 && value.every((item) => isPlain(item) && typeof item['name'] === 'string')
  );
}

function mergeNamed(base: Named, over: Named): Named {
  const result = [...base];
  for (const item of over) {
    const index = result.findIndex(({ name }) => name === item.name);
    if (index < 0) result.push(item);
    else result[index] = merge(result[index], item) as Named[number];
  }
  return result;
}
