import { displayWidth } from './display-width.ts';

/** Blanks between two columns, as kubectl has them. */
const GAP = 3;

/**
 * Rows as lines with aligned columns; the first row may be the headings. Nothing follows the last text of a line.
 * @returns text that ends with a line feed, or nothing where there are no rows.
 */
export function formatTable(rows: readonly (readonly string[])[], gap: number = GAP): string {
  const widths: number[] = [];
  const printable = rows.map((row) => row.map(makePrintable));
  for (const row of printable) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, displayWidth(cell));
    });
  }
  return printable
    .map((row) => {
      const cells = row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - displayWidth(cell) + gap));
      return `${cells.join('').trimEnd()}\n`;
    })
    .join('');
}

/** Names come from manifests: a line feed or an escape sequence in one must not steer the terminal. Our own colors stay. */
function makePrintable(cell: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is about.
  return cell.replace(/\x1b(?!\[\d{1,2}m)|[\x00-\x1a\x1c-\x1f\x7f-\x9f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
