import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importSteps } from './imported-services.ts';

const service = (name: string, port = 80) => ({
  namespace: 'default',
  name,
  ports: [{ name: 'http', port, protocol: 'TCP' as const }],
});

test('what is missing is made, what differs is changed, what is not wanted goes, the rest stays', () => {
  const steps = importSteps(
    [service('new'), service('changed', 81), service('same')],
    [service('changed'), service('same'), service('old')],
    true,
  );
  assert.deepEqual(
    steps.map(({ kind, service: { name } }) => [kind, name]),
    [
      ['create', 'new'],
      ['update', 'changed'],
      ['remove', 'old'],
    ],
  );
});

test('nothing goes while some member is not read', () => {
  assert.deepEqual(importSteps([], [service('old')], false), []);
});
