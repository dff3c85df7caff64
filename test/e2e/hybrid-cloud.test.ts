/** A service outside the mesh, by its name in the mesh: Envoy resolves it by DNS. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertAllOk, countBy } from './harness/answer.ts';
import { useFleet } from './harness/test-fleet.ts';

describe('a hybrid cloud', () => {
  const fleet = useFleet({ example: 'hybrid-cloud' });

  test('service.cloud answers from outside the mesh', async () => {
    const answers = await fleet.call({ cluster: 'cluster1' }, { url: 'http://service.cloud/path', count: 10 });
    assertAllOk(answers);
    assert.deepEqual(countBy(answers, 'cluster'), { outside: 10 });
    assert.equal(answers[0]?.path, '/path');
    assert.equal(answers[0]?.caller ?? null, null);
  });

  test('the service of the own cluster answers beside it', async () => {
    const answer = await fleet.callOnce({ cluster: 'cluster1' }, 'http://service');
    assert.deepEqual([answer.status, answer.cluster], [200, 'cluster1']);
  });
});
