import type { Answer } from './answer.ts';
import type { Want } from './case.ts';

/** How answers are held against a want. */
export interface Comparison {
  /** How far a share may be off, in points of per cent: the case's own `within` for real calls, next to nothing for simulated ones. */
  readonly within: number;
  /** Do the answers know their hops? */
  readonly simulated: boolean;
}

/** Rounding of simulated shares. */
export const SIMULATED_WITHIN = 0.01;

/** @returns what does not hold, each as a sentence; empty where everything does. */
export function compareAnswers(want: Want, answers: readonly Answer[], comparison: Comparison): readonly string[] {
  if (answers.length === 0) return ['there was no answer'];
  return [
    ...(want.status === undefined ? [] : each('status', String(want.status), statusShares(answers))),
    ...(want.body === undefined
      ? []
      : each(
          'body',
          want.body,
          sharesBy(answers, ({ body, fields }) => body ?? `an answer of ${fields['pod'] ?? 'the application'}`),
        )),
    ...maps('header', want.headers, answers, ({ headers }) => headers),
    ...maps('received header', want.received, answers, ({ received }) => received),
    ...maps('field', want.fields, answers, ({ fields }) => fields),
    ...(want.caller === undefined
      ? []
      : each(
          'caller',
          want.caller,
          sharesBy(answers, ({ fields }) => fields['caller'] ?? 'nobody'),
        )),
    ...Object.entries(want.shares).flatMap(([field, wanted]) => compareShares(field, wanted, { answers, comparison })),
    ...Object.entries(want.evenly).flatMap(([field, count]) => compareEven(field, count, { answers, comparison })),
    ...(comparison.simulated ? want.explains.flatMap((part) => compareExplanation(part, answers)) : []),
  ];
}

type Shares = ReadonlyMap<string, number>;

/** Per cent of the answers by what they have there. */
function sharesBy(answers: readonly Answer[], of: (answer: Answer) => string): Shares {
  const total = answers.reduce((sum, { weight }) => sum + weight, 0);
  const shares = new Map<string, number>();
  for (const answer of answers) {
    const key = of(answer);
    shares.set(key, (shares.get(key) ?? 0) + (100 * answer.weight) / total);
  }
  return shares;
}

function statusShares(answers: readonly Answer[]): Shares {
  return sharesBy(answers, ({ status }) => (status === undefined ? 'closed' : String(status)));
}

function each(what: string, wanted: string, shares: Shares): readonly string[] {
  return [...shares]
    .filter(([value]) => !sameText(value, wanted))
    .map(([value, share]) => `the ${what} is ${quote(value)} for ${percent(share)}, and must be ${quote(wanted)}`);
}

/** A wanted text that ends in `*` is a prefix: Envoy's error texts have endings that depend on the machine. */
function sameText(value: string, wanted: string): boolean {
  return wanted.endsWith('*') ? value.startsWith(wanted.slice(0, -1)) : value === wanted;
}

function maps(
  what: string,
  wanted: Readonly<Record<string, string>>,
  answers: readonly Answer[],
  of: (answer: Answer) => Readonly<Record<string, string>>,
): readonly string[] {
  return Object.entries(wanted).flatMap(([name, value]) =>
    each(
      `${what} ${name}`,
      value,
      sharesBy(answers, (answer) => of(answer)[name] ?? ''),
    ),
  );
}

interface Compared {
  readonly answers: readonly Answer[];
  readonly comparison: Comparison;
}

function fieldShares(field: string, answers: readonly Answer[]): Shares {
  return field === 'status' ? statusShares(answers) : sharesBy(answers, ({ fields }) => fields[field] ?? '');
}

function compareShares(
  field: string,
  wanted: Readonly<Record<string, number>>,
  { answers, comparison }: Compared,
): readonly string[] {
  const shares = fieldShares(field, answers);
  const values = new Set([...Object.keys(wanted), ...shares.keys()]);
  return [...values].flatMap((value) => {
    const share = shares.get(value) ?? 0;
    const expected = wanted[value] ?? 0;
    // What has no share in the case may not come at all.
    const allowed = expected === 0 || expected === 100 ? Math.min(comparison.within, 0.000_001) : comparison.within;
    if (Math.abs(share - expected) <= allowed) return [];
    return [`${percent(share)} of the answers have ${field} ${quote(value)}, and ${percent(expected)} must`];
  });
}

function compareEven(field: string, count: number, { answers, comparison }: Compared): readonly string[] {
  const shares = fieldShares(field, answers);
  const found = [...shares.keys()].map(quote).join(', ');
  if (count > 0 && shares.size !== count)
    return [`the answers have ${shares.size} values of ${field} (${found}), and must have ${count}`];
  if (count === 0 && shares.size < 2) return [`the answers all have ${field} ${found}, and must spread`];
  const expected = 100 / shares.size;
  return [...shares]
    .filter(([, share]) => Math.abs(share - expected) > comparison.within)
    .map(
      ([value, share]) =>
        `${percent(share)} of the answers have ${field} ${quote(value)}, and ${percent(expected)} must`,
    );
}

function compareExplanation(part: string, answers: readonly Answer[]): readonly string[] {
  const told = answers.some(({ hops }) => hops.some((hop) => hop.includes(part)));
  return told ? [] : [`no hop says ${quote(part)}`];
}

function percent(share: number): string {
  return `${Number(share.toFixed(2))} %`;
}

function quote(text: string): string {
  return `"${text.length > 200 ? `${text.slice(0, 200)}…` : text}"`;
}
