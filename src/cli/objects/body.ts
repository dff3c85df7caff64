/** Objects come from manifests of all kinds, so nothing in them is taken for given: these read a field or give nothing. */
export type Body = Readonly<Record<string, unknown>>;

/** The value below a path of names and indices; undefined where there is none. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Readonly<Record<string | number, unknown>>)[step];
  }
  return current;
}

/** Text, numbers and truth values as text; empty for anything else. */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean' ? String(found) : '';
}

/** Empty where there is no list. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

export function numberAt(value: unknown, ...path: readonly (string | number)[]): number {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : 0;
}

/** Empty where there is no mapping. */
export function entriesAt(
  value: unknown,
  ...path: readonly (string | number)[]
): readonly (readonly [string, unknown])[] {
  const found = at(value, ...path);
  return typeof found === 'object' && found !== null && !Array.isArray(found) ? Object.entries(found) : [];
}

/** `a=1,b=2`; `<none>` where there are none. */
export function formatLabels(value: unknown): string {
  const labels = entriesAt(value).map(([key, label]) => `${key}=${String(label)}`);
  return labels.length > 0 ? labels.join(',') : '<none>';
}
