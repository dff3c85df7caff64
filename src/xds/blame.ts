import { CDS, LDS, type XdsType } from './xds-type.ts';

/**
 * What a refusal's text says of who is to blame.
 * `certain`: the proxy named them itself, one by one. `parts`: the response has to be sent again in these parts to find out.
 */
export type Blame =
  | { readonly kind: 'certain'; readonly names: readonly string[] }
  | { readonly kind: 'parts'; readonly parts: readonly (readonly string[])[] };

/**
 * Envoy applies clusters and listeners one by one and lists the refused ones as `name: reason`; seen on 1.40:
 * `Error adding/updating cluster a - a: ...`, `Error adding/updating cluster(s) a: ..., b: ...`,
 * `Error adding/updating listener(s) a: ...\nb: ...\n`.
 * Every other refusal (a message that does not validate, routes, secrets) stops at the first fault and seldom names it.
 */
const LISTING = /^Error adding\/updating (?:cluster|listener)/;

/** Characters that a resource name may go on with: `a` is not named where the text says `a.b`. */
const NAME_CHARACTER = /[A-Za-z0-9._|/*-]/;

/** Is the name in the text as a whole word, with nothing of a longer name on either side? */
function mentions(text: string, name: string): boolean {
  if (name === '') return false;
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const before = text[at - 1];
    const after = text[at + name.length];
    const startsWord = before === undefined || !NAME_CHARACTER.test(before);
    const endsWord = after === undefined || !NAME_CHARACTER.test(after) || isFullStop(text, at + name.length);
    if (startsWord && endsWord) return true;
  }
  return false;
}

/** A dot that ends a sentence, not one inside a name. */
function isFullStop(text: string, at: number): boolean {
  const next = text[at + 1];
  return text[at] === '.' && (next === undefined || next === ' ' || next === '\n');
}

function listed(text: string, name: string): boolean {
  const entry = `${name}: `;
  for (let at = text.indexOf(entry); at >= 0; at = text.indexOf(entry, at + 1)) {
    const before = text[at - 1];
    if (before === ' ' || before === '\n') return true;
  }
  return false;
}

/**
 * Finds which of the resources of one response a refusal is about.
 * @param names the resources that the response carried, at least one.
 * @param text the proxy's error text.
 */
export function findBlame(type: XdsType, names: readonly string[], text: string): Blame {
  if (names.length <= 1) return { kind: 'certain', names };
  if ((type === CDS || type === LDS) && LISTING.test(text)) {
    const culprits = names.filter((name) => listed(text, name));
    if (culprits.length > 0) return { kind: 'certain', names: culprits };
  }
  const suspects = names.filter((name) => mentions(text, name));
  if (suspects.length > 0 && suspects.length < names.length) {
    const suspected = new Set(suspects);
    return { kind: 'parts', parts: [names.filter((name) => !suspected.has(name)), suspects] };
  }
  const half = Math.ceil(names.length / 2);
  return { kind: 'parts', parts: [names.slice(0, half), names.slice(half)] };
}
