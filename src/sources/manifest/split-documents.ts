/** The text of one document of a YAML stream. */
export interface DocumentText {
  readonly text: string;
  /** Line of the stream that the text starts at, from 1. */
  readonly line: number;
}

/**
 * Splits a YAML stream at its document markers. A line that begins with `---` is a marker wherever it stands
 * (YAML 1.2.2, section 9.1.2), so each document can be parsed, and found unchanged, by itself.
 * Documents without content (comments, directives, blank lines) are left out.
 */
export function splitDocuments(stream: string): DocumentText[] {
  const documents: DocumentText[] = [];
  const marker = /^---(?=[ \t\r\n]|$)/gm;
  let start = 0;
  let line = 1;
  const take = (end: number): void => {
    const text = stream.slice(start, end);
    if (hasContent(text)) documents.push({ text, line });
    line += countLines(text);
    start = end;
  };
  for (const match of stream.matchAll(marker)) {
    if (match.index > start) take(match.index);
  }
  take(stream.length);
  return documents;
}

function hasContent(text: string): boolean {
  return /^(?!---[ \t]*(?:#.*)?\r?$|\.\.\.[ \t]*\r?$|%|[ \t]*(?:#.*)?\r?$)/m.test(text);
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
