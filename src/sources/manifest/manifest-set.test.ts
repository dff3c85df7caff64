import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterId } from '../../model/index.ts';
import type { SourceBatch } from '../config-source.ts';
import { ManifestSet } from './manifest-set.ts';

function service(name: string, version = '1'): string {
  return `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\n  labels: {version: "${version}"}\n`;
}

function newSet(): {
  readonly save: (file: string, text: string) => SourceBatch;
  readonly remove: (file: string) => SourceBatch;
} {
  const set = new ManifestSet('c1' as ClusterId);
  return {
    save: (file, text) => set.update([{ kind: 'text', file, text }]),
    remove: (file) => set.update([{ kind: 'gone', file }]),
  };
}

function shortened(batch: SourceBatch): unknown {
  return {
    set: batch.set.map((object) => `${object.ref.name} ${object.meta.labels['version']}`),
    deleted: batch.deleted.map((ref) => ref.name),
    diagnostics: batch.diagnostics.map(
      ({ file, diagnostics }) => `${file}: ${diagnostics.map(({ code }) => code).join(' ')}`,
    ),
  };
}

const NOTHING = { set: [], deleted: [], diagnostics: [] };

test('saving gives objects, saving again nothing, changing what changed, removing takes away', () => {
  const { save, remove } = newSet();
  const text = `${service('a')}---\n${service('b')}`;
  assert.deepEqual(shortened(save('x.yaml', text)), { ...NOTHING, set: ['a 1', 'b 1'] });
  assert.deepEqual(shortened(save('x.yaml', text)), NOTHING);
  assert.deepEqual(shortened(save('x.yaml', `${service('a', '2')}---\n${service('b')}`)), { ...NOTHING, set: ['a 2'] });
  assert.deepEqual(shortened(save('x.yaml', service('a', '2'))), { ...NOTHING, deleted: ['b'] });
  assert.deepEqual(shortened(remove('x.yaml')), { ...NOTHING, deleted: ['a'] });
});

test('an object that is broken for a while stays as it was', () => {
  const { save } = newSet();
  save('x.yaml', `${service('a')}---\n${service('b')}`);
  const broken = save('x.yaml', `${service('a', '2')}---\n${service('b')}  bad: : :\n`);
  assert.deepEqual(shortened(broken), { set: ['a 2'], deleted: [], diagnostics: ['x.yaml: PEL1001'] });
  const mended = save('x.yaml', `${service('a', '2')}---\n${service('b', '2')}`);
  assert.deepEqual(shortened(mended), { set: ['b 2'], deleted: [], diagnostics: ['x.yaml: '] });
});

test('of two equal objects the first by file name counts, and its end brings the other', () => {
  const { save, remove } = newSet();
  save('b.yaml', service('web', 'b'));
  const both = save('c.yaml', service('web', 'c'));
  assert.deepEqual(shortened(both), { ...NOTHING, diagnostics: ['c.yaml: PEL1004'] });
  assert.match(both.diagnostics[0]?.diagnostics[0]?.message ?? '', /Service default\/web .* b\.yaml:1/);
  assert.deepEqual(shortened(save('a.yaml', service('web', 'a'))), {
    set: ['web a'],
    deleted: [],
    diagnostics: ['b.yaml: PEL1004', 'c.yaml: PEL1004'],
  });
  remove('a.yaml');
  assert.deepEqual(shortened(remove('b.yaml')), { set: ['web c'], deleted: [], diagnostics: ['c.yaml: '] });
});

test('two equal objects in one file: the first line counts', () => {
  const { save } = newSet();
  const batch = save('a.yaml', `${service('web', '1')}---\n${service('web', '2')}`);
  assert.deepEqual(shortened(batch), { set: ['web 1'], deleted: [], diagnostics: ['a.yaml: PEL1004'] });
});

test('an unreadable file keeps what it gave', () => {
  const set = new ManifestSet('c1' as ClusterId);
  set.update([{ kind: 'text', file: 'a.yaml', text: service('web') }]);
  const diagnostic = { code: 'PEL1007', severity: 'error', message: '', cause: '', remedy: '' } as const;
  const batch = set.update([{ kind: 'unreadable', file: 'a.yaml', diagnostic }]);
  assert.deepEqual(shortened(batch), { ...NOTHING, diagnostics: ['a.yaml: PEL1007'] });
});

test('objects of two API groups with one kind and name are two objects', () => {
  const { save, remove } = newSet();
  const gateway = (group: string): string =>
    `apiVersion: ${group}/v1\nkind: Gateway\nmetadata: {name: edge, labels: {version: ${group}}}\n`;
  save('a.yaml', gateway('networking.istio.io'));
  save('b.yaml', gateway('gateway.networking.k8s.io'));
  assert.deepEqual(shortened(remove('b.yaml')), { ...NOTHING, set: ['edge networking.istio.io'], deleted: ['edge'] });
});
