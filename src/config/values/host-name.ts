/** RFC 1123, section 2.1. */
const LABEL = /^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$/;
const WILDCARD_LABEL = /^(?:\*|(?:\*|\*-)?[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?)$/;

/** Is it one label of a DNS name: letters, digits and `-`, at most 63 of them? */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && LABEL.test(text);
}

/** @returns what is wrong with a DNS name without wildcards, or undefined where nothing is. */
export function checkDnsName(name: string): string | undefined {
  return checkLength(name) ?? checkLabels(name);
}

/** @returns what is wrong with a DNS name that may have a wildcard in its first label, or undefined. */
export function checkWildcardName(name: string): string | undefined {
  const tooLong = checkLength(name);
  if (tooLong) return tooLong;
  const dot = name.indexOf('.');
  const first = dot < 0 ? name : name.slice(0, dot);
  if (first.length > 63 || !WILDCARD_LABEL.test(first)) return `its part "${first}" is not allowed`;
  return dot < 0 ? undefined : checkLabels(name.slice(dot + 1));
}

/** Is the wildcard only a part of a label (`*a.com`)? Nothing matches by such a name as people expect. */
export function hasPartialWildcard(name: string): boolean {
  return name.includes('*') && name !== '*' && !name.startsWith('*.');
}

function checkLength(name: string): string | undefined {
  if (name === '') return 'it is empty';
  return name.length > 255 ? 'it has more than 255 characters' : undefined;
}

function checkLabels(name: string): string | undefined {
  const labels = name.split('.');
  if (/^[-+]?\d+$/.test(labels.at(-1) ?? '')) return `its last part "${labels.at(-1)}" is a number`;
  for (const [index, label] of labels.entries()) {
    if (index === labels.length - 1 && label === '') return undefined;
    if (!isDnsLabel(label)) return `its part "${label}" is not allowed`;
  }
  return undefined;
}
