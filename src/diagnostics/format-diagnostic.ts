import type { Diagnostic } from './diagnostic.ts';

/**
 * The text a person reads: `file:line:column: severity CODE message (object, path)`, then why and what to do, indented.
 * Control characters of foreign text are made visible, so that a manifest cannot steer the terminal.
 */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { at, object, path } = diagnostic;
  const place = at ? `${at.file}:${at.line}:${at.column}: ` : '';
  const subject = object
    ? ` (${[`${object.kind} ${formatName(object.namespace, object.name)}`, path].filter(Boolean).join(', ')})`
    : '';
  const lines = [
    `${place}${diagnostic.severity} ${diagnostic.code} ${diagnostic.message}${subject}`,
    `  why:  ${diagnostic.cause}`,
    `  do:   ${diagnostic.remedy}`,
  ];
  return lines.map((line) => makeVisible(line).replaceAll('\n', `\n${' '.repeat(8)}`)).join('\n');
}

function formatName(namespace: string, name: string): string {
  return namespace === '' ? name : `${namespace}/${name}`;
}

/** Control characters (C0 but tab and line feed, DEL and C1) become `\\x1b`. */
function makeVisible(line: string): string {
  let text = '';
  for (const character of line) {
    const code = character.codePointAt(0) ?? 0;
    const isControl = (code < 0x20 && code !== 0x09 && code !== 0x0a) || (code >= 0x7f && code <= 0x9f);
    text += isControl ? `\\x${code.toString(16).padStart(2, '0')}` : character;
  }
  return text;
}
