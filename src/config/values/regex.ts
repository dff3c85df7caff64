/** Envoy's own limit is on the compiled size, which is never smaller than the text. */
const MAX_REGEX_LENGTH = 1024;

/** @returns what is wrong with an RE2 expression (Envoy's syntax), or undefined. */
export function checkRegex(regex: string): string | undefined {
  if (regex === '') return 'it is empty';
  if (regex.length > MAX_REGEX_LENGTH) return `it has more than ${MAX_REGEX_LENGTH} characters`;
  if (/(?<!\\)(?:\\\\)*\(\?(?:[=!]|<[=!])/.test(regex)) return 'RE2 has no look-around';
  if (/(?<!\\)(?:\\\\)*\\[1-9k]/.test(regex)) return 'RE2 has no back-references';
  try {
    new RegExp(toJavaScript(regex), 'u');
    return undefined;
  } catch (error) {
    return checkWithoutUnicode(regex, error);
  }
}

/** Unicode mode refuses escapes that RE2 allows (`\_`), so that only an expression which neither mode takes is wrong. */
function checkWithoutUnicode(regex: string, unicodeError: unknown): string | undefined {
  try {
    new RegExp(toJavaScript(regex));
    return undefined;
  } catch {
    const message = String((unicodeError as Error).message);
    return message
      .slice(message.lastIndexOf(':') + 1)
      .trim()
      .toLowerCase();
  }
}

/** RE2's spellings that JavaScript does not have: flags at the start, named groups, \A, \z, POSIX classes, \C. */
function toJavaScript(regex: string): string {
  return regex
    .replace(/\(\?[imsU-]+\)/g, '')
    .replace(/\(\?[imsU-]+:/g, '(?:')
    .replace(/\(\?P</g, '(?<')
    .replace(/\\[AzQEC]/g, '')
    .replace(/\[\[:\^?[a-z]+:\]/g, '[a')
    .replace(/\[:\^?[a-z]+:\]/g, 'a')
    .replace(/\\p([A-Z])/g, '\\p{$1}');
}
