/**
 * The identity that the own sidecar has verified: the first URI of the last element of x-forwarded-client-cert (earlier
 * elements were written by proxies before it, or by anybody).
 * @returns null where there is none.
 */
export function callerOf(header: string | undefined): string | null {
  const elements = splitOutsideQuotes(header ?? '', ',');
  for (const pair of splitOutsideQuotes(elements.at(-1) ?? '', ';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim().toLowerCase() === 'uri') return unquote(pair.slice(at + 1).trim()) || null;
  }
  return null;
}

/** Envoy quotes values that hold `,`, `;` or `=`, and escapes quotes in them by a backslash. */
function unquote(value: string): string {
  if (!value.startsWith('"')) return value;
  return value.replace(/^"|"$/g, '').replace(/\\(.)/g, '$1');
}

function splitOutsideQuotes(text: string, separator: ',' | ';'): readonly string[] {
  const parts: string[] = [];
  let from = 0;
  let isQuoted = false;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '\\' && isQuoted) index++;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === separator && !isQuoted) {
      parts.push(text.slice(from, index));
      from = index + 1;
    }
  }
  parts.push(text.slice(from));
  return parts;
}
