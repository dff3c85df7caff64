import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { displayWidth, fitWidth } from './display-width.ts';
import { formatAge, parseDuration } from './duration.ts';
import { formatTable } from './table.ts';
import { styled } from './terminal.ts';
import { withWaitingNote } from './waiting-note.ts';

test('columns align, whatever the width of the characters and their colors', () => {
  const paint = { hasColor: true };
  const text = formatTable([
    ['NAME', 'STATUS'],
    ['日本', styled(paint, 'green', 'ok')],
    ['café', 'x'],
    ['👩‍🚀', 'y'],
  ]);
  const columns = text
    .trimEnd()
    .split('\n')
    .map((line) => stripVTControlCharacters(line))
    .map((line) => displayWidth(line.slice(0, line.search(/STATUS|ok$|x$|y$/))));
  assert.deepEqual(columns, [7, 7, 7, 7]);
});

test('names cannot steer the terminal, and nothing trails a line', () => {
  assert.equal(formatTable([['a\x1b[2Jb\nc', '', '']]), 'a\\x1b[2Jb\\x0ac\n');
  assert.equal(formatTable([]), '');
});

test('what is cut fits, and what fits is not cut', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 40 }), (text, columns) => {
      const cut = fitWidth(text, columns);
      assert.ok(displayWidth(cut) <= columns);
      if (displayWidth(text) <= columns) assert.equal(cut, text);
    }),
  );
});

test('a cut line keeps its colors, and ends them', () => {
  const line = `${styled({ hasColor: true }, 'green', 'ok')} and ${styled({ hasColor: true }, 'red', 'more text')}`;
  assert.equal(fitWidth(line, 5), '\u001b[32mok\u001b[39m a…\u001b[31m\u001b[39m');
});

test('ages are as short as those of kubectl', () => {
  const cases = [
    [0, '0s'],
    [119_999, '119s'],
    [120_000, '2m'],
    [200_000, '3m20s'],
    [75 * 60_000, '75m'],
    [5 * 3_600_000 + 10 * 60_000, '5h10m'],
    [30 * 3_600_000, '30h'],
    [52 * 3_600_000, '2d4h'],
    [12 * 86_400_000, '12d'],
    [-5, '0s'],
  ] as const;
  for (const [ms, text] of cases) assert.equal(formatAge(ms), text);
});

test('durations are read in units or seconds, and nothing else is', () => {
  const cases = [
    ['90', 90_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['1.5s', 1_500],
    ['', undefined],
    ['5 s', undefined],
    ['-1s', undefined],
    ['1y', undefined],
  ] as const;
  for (const [text, ms] of cases) assert.equal(parseDuration(text), ms);
});

test('a person is told what a command waits for, until it writes; programs are not', async () => {
  const written: string[] = [];
  const write = (text: string): void => void written.push(text);
  const terminal = { out: write, err: write, hasColor: false, size: () => ({ columns: 80, rows: 24 }) };
  const quick = withWaitingNote({ ...terminal, isInteractive: true }, 'asking');
  quick.terminal.out('done');
  assert.deepEqual(written, ['done']);
  const slow = withWaitingNote({ ...terminal, isInteractive: true }, 'asking');
  const program = withWaitingNote({ ...terminal, isInteractive: false }, 'never');
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  slow.terminal.out('late');
  slow.end();
  program.end();
  assert.deepEqual(written, ['done', '… asking', '\r\x1b[K', 'late']);
});
