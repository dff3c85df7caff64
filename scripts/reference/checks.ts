/** Makes docs/reference/checks.md from the checks. */
import { CHECKS } from '../../src/cli/check/all-checks.ts';
import { CHECK_GROUPS } from '../../src/cli/check/check.ts';
import { table } from './cli.ts';

const WHEN = { pre: 'before an installation', post: 'after one', both: 'before and after one' } as const;

/** The page as Markdown. */
export function checksReference(): string {
  return [
    '# Checks',
    '',
    '<!-- Made by scripts/reference/write.ts from src/cli/check; a test compares them. -->',
    '',
    '`pelagos check` looks at a Kubernetes cluster in this order, and `pelagos check --pre` before an installation. ✔ holds, ‼ works and should be looked at, ✘ does not work, - does not apply or may not be looked at.',
    '',
    ...table(
      ['Check', 'Group', 'Made'],
      CHECKS.map(({ id, group, when }) => [`[${id}](#${id})`, group, WHEN[when]]),
    ),
    ...CHECK_GROUPS.flatMap((group) => [
      '',
      `## Group ${group}`,
      ...CHECKS.filter((check) => check.group === group).flatMap(({ id, text, why, remedy }) => [
        '',
        `### ${id}`,
        '',
        `**${text.charAt(0).toUpperCase()}${text.slice(1)}.** ${why}`,
        '',
        `What to do: ${remedy}`,
      ]),
    ]),
    '',
  ].join('\n');
}
