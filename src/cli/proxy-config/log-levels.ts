import { usageError } from '../cli-error.ts';

/** Envoy's levels, from the most to say to nothing. */
export const LEVELS = ['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off'] as const;
/** What Envoy logs unless it is told; `--reset` goes back to it. */
export const DEFAULT_LEVEL = 'warning';

/** Which level for which logger. */
export type LevelWish =
  | { readonly kind: 'all'; readonly level: string }
  | { readonly kind: 'some'; readonly levels: ReadonlyMap<string, string> };

/**
 * Reads `debug`, `all:debug` or `http:debug,router:trace`.
 * @throws {CliError} where a level is none of Envoy's.
 */
export function parseLevels(text: string): LevelWish {
  const levels = new Map<string, string>();
  for (const part of text.split(',')) {
    const [logger = '', level = ''] = part.includes(':') ? part.split(':') : ['all', part];
    const known = LEVELS.find((each) => each === (level === 'none' ? 'off' : level === 'warn' ? 'warning' : level));
    if (!known || !/^[a-z0-9_.-]+$/i.test(logger)) {
      throw usageError(
        `"${part}" is no level of a logger`,
        `Write LEVEL or LOGGER:LEVEL; levels are ${LEVELS.join(', ')}.`,
      );
    }
    levels.set(logger, known);
  }
  const level = levels.get('all') ?? levels.get('level');
  if (level === undefined) return { kind: 'some', levels };
  if (levels.size === 1) return { kind: 'all', level };
  throw usageError('a level of all loggers and levels of some do not go together', 'Set them with two commands.');
}

/** The paths of Envoy's admin interface to POST to, which set these levels (operations/admin, `/logging`). */
export function loggingPath(wish: LevelWish): string {
  if (wish.kind === 'all') return `/logging?level=${wish.level}`;
  const pairs = [...wish.levels].map(([logger, level]) => `${logger}:${level}`);
  return `/logging?paths=${encodeURIComponent(pairs.join(','))}`;
}

/** What Envoy answers to `/logging`, as istioctl prints it. */
export function formatLevels(pod: string, answer: string): string {
  return `${pod}:\n${answer.trimEnd()}\n`;
}
