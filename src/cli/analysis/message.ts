import type { Diagnostic, Severity } from '../../diagnostics/index.ts';
import { usageError } from '../cli-error.ts';
import { type Style, styled, type Terminal } from '../output/terminal.ts';

/** istioctl's words for severities, from the worst. */
export const LEVELS = ['Error', 'Warning', 'Info'] as const;
export type Level = (typeof LEVELS)[number];

const LEVEL_OF: Readonly<Record<Severity, Level>> = { error: 'Error', warning: 'Warning', info: 'Info' };
const STYLES: Readonly<Record<Level, Style>> = { Error: 'red', Warning: 'yellow', Info: 'cyan' };
const REFERENCE = 'docs/reference/diagnostics.md';

export function levelOf({ severity }: Diagnostic): Level {
  return LEVEL_OF[severity];
}

/** Is the message as bad as the level, or worse? */
export function isAtLeast(diagnostic: Diagnostic, level: Level): boolean {
  return LEVELS.indexOf(levelOf(diagnostic)) <= LEVELS.indexOf(level);
}

/** @throws {CliError} where the word is no level. */
export function parseLevel(text: string): Level {
  const level = LEVELS.find((each) => each.toLowerCase() === text.toLowerCase());
  if (level) return level;
  throw usageError(`"${text}" is no level of a message`, `Levels are ${LEVELS.join(', ')}.`);
}

/** `VirtualService default/web`; empty where it is about no object. */
function originOf({ object }: Diagnostic): string {
  return object ? `${object.kind} ${object.namespace === '' ? '' : `${object.namespace}/`}${object.name}` : '';
}

/** `file.yaml:3`; empty where it was in no file. */
function referenceOf({ at }: Diagnostic): string {
  return at ? `${at.file}:${at.line}` : '';
}

/** As istioctl prints it (`Warning [PEL4001] (VirtualService default/web) message`), and what to do below. */
export function formatMessage(terminal: Terminal, diagnostic: Diagnostic): string {
  const level = levelOf(diagnostic);
  const origin = [originOf(diagnostic), referenceOf(diagnostic)].filter(Boolean).join(' ');
  const head = `${styled(terminal, STYLES[level], level)} [${diagnostic.code}]${origin === '' ? '' : ` (${origin})`}`;
  return `${head} ${diagnostic.message}\n    ${styled(terminal, 'dim', diagnostic.remedy)}\n`;
}

/** As istioctl gives it to programs. */
export function structuredMessage(diagnostic: Diagnostic): Readonly<Record<string, string>> {
  const { code, message, cause, remedy } = diagnostic;
  return {
    code,
    documentUrl: `${REFERENCE}#${code.toLowerCase()}`,
    level: levelOf(diagnostic),
    message,
    cause,
    remedy,
    origin: originOf(diagnostic),
    reference: referenceOf(diagnostic),
  };
}

/** Which messages a person does not want to see. */
export type Suppression = (diagnostic: Diagnostic) => boolean;

/**
 * Reads `CODE=KIND NAME.NAMESPACE`, with `*` for any text, as istioctl does: `PEL4001=VirtualService *.default`.
 * @throws {CliError} where it is not of that form.
 */
export function parseSuppression(text: string): Suppression {
  const match = /^([A-Z]+\d+)=(\S+) (\S+)$/.exec(text);
  if (!match) {
    throw usageError(
      `"${text}" suppresses nothing`,
      'Write `--suppress "CODE=KIND NAME.NAMESPACE"`; `*` stands for any text.',
    );
  }
  const [, code, kind = '', name = ''] = match;
  const pattern = (glob: string): RegExp =>
    new RegExp(
      `^${glob
        .split('*')
        .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
        .join('.*')}$`,
    );
  return ({ code: found, object }) => {
    if (found !== code || !object) return false;
    const full = object.namespace === '' ? object.name : `${object.name}.${object.namespace}`;
    return pattern(kind).test(object.kind) && pattern(name).test(full);
  };
}
