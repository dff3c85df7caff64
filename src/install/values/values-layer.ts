import { parseAllDocuments } from 'yaml';
import { installError } from '../install-error.ts';
import { isPlain, merge, type Plain } from '../plain.ts';
import { KNOWN_SPEC } from './known-values.ts';

/** Values have a few kilobytes; a mesh configuration with many providers perhaps a hundred. */
const MAX_FILE_CHARACTERS = 1024 * 1024;

/** One file's or one flag's part of the values, in the shape of an IstioOperator's `spec`. */
export interface ValuesLayer {
  /** For messages: the file's name, or `--set`. */
  readonly source: string;
  readonly spec: Plain;
}

/** A file of values as somebody wrote it. */
export interface ValuesFile {
  readonly name: string;
  readonly text: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads IstioOperator documents and plain Helm values, also both in one file. `${NAME}` in a text is replaced from the
 * environment, and stays where the environment has no such variable.
 * @throws InstallError PEL8001
 */
export function parseValuesFile({ name, text }: ValuesFile, env: Environment): ValuesLayer {
  const unreadable = (reason: string) => installError('PEL8001', { source: name, reason });
  if (text.length > MAX_FILE_CHARACTERS) {
    throw unreadable(`it has ${text.length} characters, the limit is ${MAX_FILE_CHARACTERS}`);
  }
  let spec: Plain = {};
  for (const document of parseAllDocuments(text)) {
    const [error] = document.errors;
    if (error) throw unreadable(error.message.split('\n')[0] ?? error.code);
    let value: unknown;
    try {
      value = document.toJS({ maxAliasCount: 100 });
    } catch (cause) {
      throw installError('PEL8001', { source: name, reason: cause instanceof Error ? cause.message : String(cause) });
    }
    if (value === null || value === undefined) continue;
    if (!isPlain(value)) throw unreadable('a document in it is no map');
    spec = merge(spec, toSpec(replaceVariables(value, env) as Plain, unreadable)) as Plain;
  }
  return { source: name, spec };
}

/** What a plain file or `--set` means that begins with a name of `spec` stands there, all else is one of Helm's values. */
export function toSpec(value: Plain, unreadable: (reason: string) => Error): Plain {
  if (value['kind'] !== undefined || value['apiVersion'] !== undefined) {
    if (value['kind'] !== 'IstioOperator') throw unreadable(`it is a ${String(value['kind'])}, not an IstioOperator`);
    const spec = value['spec'] ?? {};
    if (!isPlain(spec)) throw unreadable('its spec is no map');
    return spec;
  }
  const spec: Record<string, unknown> = {};
  const values: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(value)) (isSpecField(key) ? spec : values)[key] = child;
  if (Object.keys(values).length > 0) spec['values'] = merge(spec['values'], values);
  return spec;
}

/** `meshConfig` and `values` have their own lists of what is known. */
export function isSpecField(name: string): boolean {
  return name === 'values' || name === 'meshConfig' || Object.hasOwn(KNOWN_SPEC, name);
}

/** In values only, never in keys, and after parsing: a variable cannot bring structure with it. */
function replaceVariables(value: unknown, env: Environment): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$\{([A-Za-z_]\w*)\}/g, (whole, name: string) => env[name] || whole);
  }
  if (Array.isArray(value)) return value.map((item) => replaceVariables(item, env));
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, replaceVariables(child, env)]));
}

/** The name of the variable, where a text is nothing else. */
export function variableName(text: string): string | undefined {
  return /^\$\{([A-Za-z_]\w*)\}$/.exec(text)?.[1];
}
