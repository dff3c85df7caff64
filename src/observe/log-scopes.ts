import type { Logger } from 'pino';

/** pino's words; Istio's `none` is `silent`. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Reads a level in Istio's words (as `istioctl admin log --level` takes them) or pino's; undefined where it is none. */
export function parseLogLevel(text: string): LogLevel | undefined {
  return text === 'none' ? 'silent' : LOG_LEVELS.find((level) => level === text);
}

/** Parts of a control plane whose logs are set by themselves, at run time. */
export class LogScopes {
  readonly #root: Logger;
  readonly #initial: string;
  readonly #scopes = new Map<string, { readonly description: string; readonly log: Logger }>();

  constructor(root: Logger) {
    this.#root = root;
    this.#initial = root.level;
  }

  /** The logger of a scope; a scope that was there before keeps its level. */
  scope(name: string, description: string): Logger {
    const known = this.#scopes.get(name);
    if (known) return known.log;
    const log = this.#root.child({ scope: name });
    this.#scopes.set(name, { description, log });
    return log;
  }

  /** Every scope with its level, by name. */
  list(): readonly { readonly name: string; readonly description: string; readonly level: string }[] {
    return [...this.#scopes]
      .map(([name, { description, log }]) => ({ name, description, level: log.level }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Sets one scope, or `all`. @returns false where there is no such scope or level. */
  set(name: string, level: string): boolean {
    const meant = parseLogLevel(level);
    const scopes = name === 'all' ? [...this.#scopes.values()] : [this.#scopes.get(name)];
    if (meant === undefined || scopes.includes(undefined)) return false;
    for (const scope of scopes) if (scope) scope.log.level = meant;
    return true;
  }

  /** All scopes as they were at the start. */
  reset(): void {
    for (const { log } of this.#scopes.values()) log.level = this.#initial;
  }
}
