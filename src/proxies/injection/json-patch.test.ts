import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { jsonPatch, type PatchOperation } from './json-patch.ts';

/** RFC 6902, as far as maps go. */
function apply(document: unknown, operations: readonly PatchOperation[]): unknown {
  const root = { '': structuredClone(document) } as Record<string, unknown>;
  for (const operation of operations) {
    const keys = operation.path.split('/').map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = keys.pop() ?? '';
    const holder = keys.reduce<Record<string, unknown>>((inner, key) => inner[key] as Record<string, unknown>, root);
    if (operation.op === 'remove') delete holder[last];
    else holder[last] = operation.value;
  }
  return root[''];
}

const key = fc.constantFrom('a', 'b', 'a/b', '~', '~1', 'c');
const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer(), { maxLength: 3 }));
const document = fc.letrec((tie) => ({
  node: fc.oneof({ depthSize: 'small' }, leaf, fc.dictionary(key, tie('node'), { maxKeys: 4, noNullPrototype: true })),
})).node;

test('a patch makes the one document of the other', () => {
  fc.assert(
    fc.property(document, document, (before, after) => {
      assert.deepEqual(apply(before, jsonPatch(before, after)), after);
      assert.deepEqual(jsonPatch(after, structuredClone(after)), []);
    }),
  );
});

test('only what changed is in the patch', () => {
  const before = {
    metadata: { labels: { app: 'x' }, annotations: { gone: '1' } },
    spec: { containers: [1], keep: true },
  };
  const after = { metadata: { labels: { app: 'x', 'a/b': 'y' } }, spec: { containers: [2, 1], keep: true } };
  assert.deepEqual(jsonPatch(before, after), [
    { op: 'remove', path: '/metadata/annotations' },
    { op: 'add', path: '/metadata/labels/a~1b', value: 'y' },
    { op: 'replace', path: '/spec/containers', value: [2, 1] },
  ]);
});
