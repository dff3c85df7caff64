/** Data for programs: JSON with two blanks, or YAML. Both end with a line feed. */
export async function formatStructured(value: unknown, format: 'json' | 'yaml'): Promise<string> {
  if (format === 'json') return `${JSON.stringify(value, undefined, 2)}\n`;
  const { stringify } = await import('yaml');
  return stringify(value, { aliasDuplicateObjects: false, lineWidth: 0 });
}

/** @returns undefined where the output is for people. */
export function structuredFormat(format: string | undefined): 'json' | 'yaml' | undefined {
  return format === 'json' || format === 'yaml' ? format : undefined;
}
