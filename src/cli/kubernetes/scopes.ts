import { usageError } from '../cli-error.ts';
import { textAt } from '../objects/body.ts';

/** A part of istiod with a log level of its own. */
export interface Scope {
  readonly name: string;
  readonly description: string;
  readonly level: string;
}

const LEVELS: readonly string[] = ['none', 'fatal', 'error', 'warn', 'info', 'debug'];

/** Reads istiod's `/scopej`, sorted by name. */
export function readScopes(value: unknown): readonly Scope[] {
  const scopes = (Array.isArray(value) ? value : []).map((entry: unknown) => ({
    name: textAt(entry, 'name'),
    description: textAt(entry, 'description'),
    // The logger's word for it is `silent`.
    level: textAt(entry, 'output_level').replace('silent', 'none'),
  }));
  return scopes.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Reads `ads:debug,leader:warn`, or `debug` for all.
 * @throws {CliError} where a level is none of istiod's.
 */
export function parseScopeLevels(text: string): ReadonlyMap<string, string> {
  const levels = new Map<string, string>();
  for (const part of text.split(',')) {
    const [scope = '', level = '', ...rest] = part.includes(':') ? part.split(':') : ['all', part];
    if (scope === '' || rest.length > 0 || !LEVELS.includes(level)) {
      throw usageError(`"${part}" is no level of a scope`, `Write SCOPE:LEVEL; levels are ${LEVELS.join(', ')}.`);
    }
    levels.set(scope, level);
  }
  return levels;
}
