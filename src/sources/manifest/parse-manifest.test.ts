import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterId } from '../../model/index.ts';
import { MAX_DOCUMENTS, type Manifest, parseManifest } from './parse-manifest.ts';

function parse(text: string, previous?: Manifest): Manifest {
  return parseManifest({ cluster: 'c1' as ClusterId, file: 'a.yaml', text }, previous);
}

function objectsOf(manifest: Manifest): string[] {
  return manifest.documents.flatMap((document) =>
    document.objects.map(({ ref }) => `${ref.kind} ${ref.namespace}/${ref.name}`),
  );
}

const WEB = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n';

test('every document of a file is an object with the line it starts at', () => {
  const manifest = parse(`# a comment\n${WEB}---\n\n${WEB.replace('web', 'api')}  namespace: shop\n`);
  assert.deepEqual(objectsOf(manifest), ['Service default/web', 'Service shop/api']);
  const [first, second] = manifest.documents.flatMap((document) => document.objects);
  assert.deepEqual(first?.origin, { kind: 'file', file: 'a.yaml', line: 2, column: 1 });
  assert.deepEqual(second?.origin, { kind: 'file', file: 'a.yaml', line: 8, column: 1 });
  assert.deepEqual(second?.positionOf?.(['metadata', 'namespace']), { line: 12, column: 3 });
  assert.equal(second?.positionOf?.(['spec', 'ports', 0]), undefined);
});

test('cluster-scoped objects have no namespace', () => {
  assert.deepEqual(objectsOf(parse('{apiVersion: v1, kind: Namespace, metadata: {name: shop, namespace: x}}')), [
    'Namespace /shop',
  ]);
});

test('a broken document takes none of the others away', () => {
  const manifest = parse(`${WEB}---\nkind: Service\n  name: broken\n---\n${WEB.replace('web', 'api')}`);
  assert.deepEqual(objectsOf(manifest), ['Service default/web', 'Service default/api']);
  assert.deepEqual(
    manifest.diagnostics.map(({ code, at }) => `${code} ${at?.line}`),
    ['PEL1001 6'],
  );
});

test('documents that are no objects say what is missing', () => {
  const cases = [
    'just text',
    '[1, 2]',
    'kind: Service',
    'apiVersion: v1\nkind: Service',
    'apiVersion: v1\nkind: Service\nmetadata: {}',
    'apiVersion: 1\nkind: Service\nmetadata: {name: a}',
  ];
  for (const text of cases)
    assert.deepEqual(
      parse(text).diagnostics.map(({ code }) => code),
      ['PEL1005'],
      text,
    );
});

test('comments, blank documents and end markers are nothing', () => {
  assert.deepEqual(parse('---\n# nothing\n---\n\n...\n---\n%YAML 1.2\n').diagnostics, []);
  assert.deepEqual(parse(`\uFEFF${WEB}`).diagnostics, []);
});

test('a key given twice is reported', () => {
  assert.deepEqual(
    parse(`${WEB}  name: other\n`).diagnostics.map(({ code }) => code),
    ['PEL1008'],
  );
});

test('a list stands for its items, each with its own line', () => {
  const manifest = parse(
    `apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata: {name: a}\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: b\n`,
  );
  assert.deepEqual(objectsOf(manifest), ['Service default/a', 'Pod default/b']);
  const pod = manifest.documents[0]?.objects[1];
  assert.deepEqual(pod?.origin, { kind: 'file', file: 'a.yaml', line: 7, column: 3 });
  assert.deepEqual(pod?.positionOf?.(['metadata', 'name']), { line: 10, column: 5 });
});

test('a typed list gives its items their kind', () => {
  const manifest = parse('{apiVersion: v1, kind: ServiceList, items: [{metadata: {name: a}}]}');
  assert.deepEqual(objectsOf(manifest), ['Service default/a']);
});

test('booleans and octal numbers are read as Kubernetes reads them', () => {
  const [document] = parse(`${WEB}data: {a: yes, b: off, c: 0644, d: y, e: "yes", f: 2024-01-01}\n`).documents;
  assert.deepEqual(document?.objects[0]?.body['data'], {
    a: true,
    b: false,
    c: 420,
    d: 'y',
    e: 'yes',
    f: '2024-01-01',
  });
});

test('aliases that grow without bound are refused', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefghij'
      .split('')
      .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghij'[index]}`).join(',')}]`),
  ];
  const { diagnostics } = parse(`${WEB}${bomb.join('\n')}\n`);
  assert.deepEqual(
    diagnostics.map(({ code }) => code),
    ['PEL1001'],
  );
});

test('endless nesting is refused', () => {
  const { diagnostics } = parse(`${WEB}spec: ${'['.repeat(100_000)}`);
  assert.equal(diagnostics[0]?.code, 'PEL1001');
});

test('there is a limit of documents', () => {
  const text = '---\nkind: A\n'.repeat(MAX_DOCUMENTS + 1);
  assert.ok(parse(text).diagnostics.some(({ code }) => code === 'PEL1003'));
});

test('unchanged documents stay the same objects; moved ones keep their body', () => {
  const before = parse(`${WEB}---\n${WEB.replace('web', 'api')}`);
  const after = parse(`${WEB}spec: {}\n---\n${WEB.replace('web', 'api')}`, before);
  const [, api] = before.documents.flatMap((document) => document.objects);
  const [, moved] = after.documents.flatMap((document) => document.objects);
  assert.notEqual(moved, api);
  assert.equal(moved?.body, api?.body);
  assert.deepEqual(moved?.origin, { kind: 'file', file: 'a.yaml', line: 7, column: 1 });
  assert.deepEqual(moved?.positionOf?.(['kind']), { line: 8, column: 1 });
  assert.equal(parse(`${WEB}---\n${WEB.replace('web', 'api')}`, before).documents[1], before.documents[1]);
});

test('a key such as __proto__ is data like any other', () => {
  const [document] = parse(`${WEB}data: {__proto__: x}\n`).documents;
  const data = document?.objects[0]?.body['data'] as object;
  assert.deepEqual(Object.keys(data), ['__proto__']);
  assert.equal(Object.getPrototypeOf(data), Object.prototype);
});
