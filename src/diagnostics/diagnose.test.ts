import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOGUE, type CatalogueEntry, closestName, diagnose, formatDiagnostic, suggest } from './index.ts';

test('a diagnostic carries its texts filled in, its place and its object', () => {
  const diagnostic = diagnose(
    'PEL2002',
    { field: 'spec.host', suggestion: suggest('host', ['hosts', 'http']) },
    {
      object: { cluster: 'c1' as never, kind: 'VirtualService', namespace: 'default', name: 'reviews' },
      at: { file: 'a.yaml', line: 3, column: 5 },
      path: 'spec.host',
    },
  );
  assert.equal(diagnostic.severity, 'error');
  assert.equal(
    formatDiagnostic(diagnostic).split('\n')[0],
    'a.yaml:3:5: error PEL2002 unknown field spec.host - did you mean hosts? (VirtualService default/reviews, spec.host)',
  );
  assert.match(formatDiagnostic(diagnostic), /\n {2}why: .+\n {2}do: /);
});

test('every entry of the catalogue says what, why and what to do, with an example', () => {
  for (const [code, entry] of Object.entries(CATALOGUE) as [string, CatalogueEntry][]) {
    assert.match(code, /^PEL[1-8]\d{3}$/);
    for (const text of [entry.title, entry.message, entry.cause, entry.remedy, entry.example]) {
      assert.ok(text.trim() !== '', code);
    }
  }
});

test('foreign text cannot steer the terminal', () => {
  const text = formatDiagnostic(diagnose('PEL1007', { problem: '\u001b[2Jgone' }));
  assert.ok(!text.includes('\u001b'));
  assert.match(text, /\\x1b\[2Jgone/);
});

test('long foreign text is cut', () => {
  assert.ok(diagnose('PEL1007', { problem: 'x'.repeat(10_000) }).message.length < 600);
});

test('names that are close are suggested, others are not', () => {
  assert.equal(closestName('hots', ['hosts', 'http']), 'hosts');
  assert.equal(closestName('virtualservice', ['VirtualService']), 'VirtualService');
  assert.equal(closestName('colour', ['hosts', 'http']), undefined);
  assert.equal(suggest('colour', ['hosts']), '');
});
