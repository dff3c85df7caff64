import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { ClusterId } from '../../model/index.ts';
import { reviewValidation, type ValidationReview } from './validation-review.ts';

const GOOD = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: default}
spec: {hosts: [reviews], http: [{route: [{destination: {host: reviews}}]}]}
`;
const BROKEN = GOOD.replace('hosts:', 'host:');

interface Asked {
  readonly operation?: string;
  readonly before?: string;
  readonly kind?: string;
  readonly change?: (object: { metadata: Record<string, unknown> }) => void;
}

function ask(text: string, { operation = 'CREATE', before, kind, change }: Asked = {}): ValidationReview['response'] {
  const object = parse(text);
  change?.(object);
  const [group, version] = object.apiVersion.split('/');
  const { name, namespace } = object.metadata;
  const request = {
    uid: 'u1',
    kind: { group, version, kind: kind ?? object.kind },
    operation,
    name,
    namespace,
    object,
    oldObject: before === undefined ? null : parse(before),
  };
  const result = reviewValidation(
    { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request },
    'cluster1' as ClusterId,
  );
  assert.ok(result.kind === 'answer');
  assert.equal(result.review.response.uid, 'u1');
  return result.review.response;
}

test('a good object is allowed, without a word', () => {
  assert.deepEqual(ask(GOOD), { uid: 'u1', allowed: true });
});

test('a broken one is refused: what is wrong, why it matters, and what to do', () => {
  const { allowed, status } = ask(BROKEN);
  assert.equal(allowed, false);
  assert.match(status?.message ?? '', /error PEL2002 unknown field spec\.host.*VirtualService default\/reviews/);
  assert.match(status?.message ?? '', /\n {2}why: .*\n {2}do: /);
  assert.deepEqual([status?.code, status?.reason], [422, 'Invalid']);
});

test('it can be deleted, and its finalizers and labels changed, all the same', () => {
  assert.equal(ask(BROKEN, { operation: 'DELETE' }).allowed, true);
  const going = ask(BROKEN, {
    operation: 'UPDATE',
    change: ({ metadata }) => {
      metadata['deletionTimestamp'] = '2030-01-01T00:00:00Z';
    },
  });
  assert.equal(going.allowed, true);
  const labelled = ask(BROKEN, {
    operation: 'UPDATE',
    before: BROKEN,
    change: ({ metadata }) => {
      metadata['labels'] = { a: 'b' };
    },
  });
  assert.equal(labelled.allowed, true);
  assert.match(labelled.warnings?.[0] ?? '', /^PEL2002 unknown field/);
  assert.equal(ask(BROKEN, { operation: 'UPDATE', before: GOOD }).allowed, false);
});

test('kinds that the mesh does not know are not its business', () => {
  assert.equal(ask(BROKEN, { kind: 'FutureKind' }).allowed, true);
});

test('what is no review is said to be none', () => {
  for (const review of [null, 1, {}, { kind: 'AdmissionReview' }, { kind: 'AdmissionReview', request: { uid: 'x' } }]) {
    assert.equal(reviewValidation(review, 'cluster1' as ClusterId).kind, 'malformed');
  }
});
