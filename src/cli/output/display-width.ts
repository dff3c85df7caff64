import { stripVTControlCharacters } from 'node:util';

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** East Asian wide and full-width characters (Unicode UAX #11), and pictures. */
const WIDE =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]|\p{Emoji_Presentation})/u;
const NO_WIDTH = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]+$/u;
const PLAIN = /^[\x20-\x7e]*$/;

/** How many columns of a terminal a line of text takes; escape sequences take none. */
export function displayWidth(text: string): number {
  const visible = stripVTControlCharacters(text);
  if (PLAIN.test(visible)) return visible.length;
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(visible)) {
    if (NO_WIDTH.test(segment)) continue;
    width += WIDE.test(segment) || segment.includes('\ufe0f') ? 2 : 1;
  }
  return width;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one.
const STYLE = /(\u001b\[[\d;]*m)/;

/** The beginning of a line that fits into so many columns, with `…` where something was cut off. Colors stay. */
export function fitWidth(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let room = columns - 1;
  let fitting = '';
  for (const part of text.split(STYLE)) {
    // Styles after the end are kept as well: they are what switches the others off.
    if (STYLE.test(part)) fitting += part;
    else if (room >= 0) {
      const { cut, left } = cutPlain(part, room);
      fitting += cut;
      room = left;
    }
  }
  return columns > 0 ? fitting : '';
}

/** @returns the part that fits, and the columns that are left; -1 once something was cut off. */
function cutPlain(text: string, room: number): { readonly cut: string; readonly left: number } {
  let left = room;
  let cut = '';
  for (const { segment } of GRAPHEMES.segment(stripVTControlCharacters(text))) {
    const width = displayWidth(segment);
    if (width > left) return { cut: `${cut}…`, left: -1 };
    cut += segment;
    left -= width;
  }
  return { cut, left };
}
