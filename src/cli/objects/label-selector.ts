import { usageError } from '../cli-error.ts';

/** Does an object with these labels match? */
export type LabelMatch = (labels: Readonly<Record<string, unknown>>) => boolean;

/**
 * Reads kubectl's `-l`: `a=b,c!=d,e,!f,g in (x,y),h notin (z)`.
 * @throws {CliError} where it is none.
 */
export function parseLabelSelector(text: string): LabelMatch {
  const terms = text.split(/,(?![^(]*\))/).map((term) => parseTerm(term.trim()));
  return (labels) => terms.every((term) => term(labels));
}

function parseTerm(term: string): LabelMatch {
  const set = /^([\w./-]+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(term);
  if (set) {
    const [, key = '', operator, list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    return (labels) => values.includes(String(labels[key] ?? '')) === (operator === 'in');
  }
  const equality = /^([\w./-]+)\s*(==|=|!=)\s*([\w.-]*)$/.exec(term);
  if (equality) {
    const [, key = '', operator, value] = equality;
    return (labels) => (labels[key] === value) === (operator !== '!=');
  }
  const presence = /^(!?)([\w./-]+)$/.exec(term);
  if (presence) {
    const [, not, key = ''] = presence;
    return (labels) => key in labels === (not === '');
  }
  throw usageError(
    `"${term}" is no label selector`,
    'Write `app=web`, `app!=web`, `app`, `!app` or `app in (a,b)`, with commas between.',
  );
}
