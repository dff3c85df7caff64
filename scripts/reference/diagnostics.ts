/** Makes docs/reference/diagnostics.md from the catalogue. */
import { CATALOGUE, type CatalogueEntry } from '../../src/diagnostics/index.ts';
import { table } from './cli.ts';

/** What the first digit of a code says. */
const AREAS: Readonly<Record<string, string>> = {
  '1': 'Reading manifests',
  '2': 'Fields and values',
  '3': 'Meaning of one object',
  '4': 'References between objects',
  '5': 'What runs',
  '6': 'Clusters of the fleet',
  '7': 'The command and Kubernetes',
  '8': 'Installing on Kubernetes',
};

/** The page as Markdown. */
export function diagnosticsReference(): string {
  const entries = Object.entries<CatalogueEntry>(CATALOGUE).sort(([a], [b]) => (a < b ? -1 : 1));
  const areas = [...new Set(entries.map(([code]) => digitOf(code)))];
  return [
    '# Diagnostics',
    '',
    '<!-- Made by scripts/reference/write.ts from src/diagnostics/catalogue; a test compares them. -->',
    '',
    'Everything that Pelagos tells about your configuration has a code. An **error** means that the object is not used as it is (its last good version stays); a **warning**, that it is used and probably does not do what was meant; **info** is worth knowing. `{…}` stands for a name of yours.',
    '',
    ...table(
      ['Code', 'Severity', 'About'],
      entries.map(([code, { severity, title }]) => [`[${code}](#${code.toLowerCase()})`, severity, title]),
    ),
    ...areas.flatMap((digit) => [
      '',
      `## ${digit}xxx: ${AREAS[digit] ?? 'Others'}`,
      ...entries.filter(([code]) => digitOf(code) === digit).flatMap(([code, entry]) => section(code, entry)),
    ]),
    '',
  ].join('\n');
}

function digitOf(code: string): string {
  return code.charAt(3);
}

function section(code: string, entry: CatalogueEntry): readonly string[] {
  return [
    '',
    `### ${code}`,
    '',
    `**${entry.title}** (${entry.severity}): ${literal(entry.message)}`,
    '',
    `Why: ${literal(entry.cause)}`,
    '',
    `What to do: ${literal(entry.remedy)}`,
    '',
    'For example:',
    '',
    '```yaml',
    entry.example.trimEnd(),
    '```',
  ];
}

/** `<` would begin HTML, `*` emphasis. */
function literal(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('*', '\\*');
}
