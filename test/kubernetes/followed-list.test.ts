import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { FollowedList, type KubernetesObject } from '../../src/kubernetes-api/index.ts';
import { startApiServer, withoutKubernetes } from './api-server.ts';

const PATH = '/api/v1/namespaces/default/configmaps';

test('what is told is what is there, over a crash of the API server', { skip: withoutKubernetes() }, async (t) => {
  const server = await startApiServer();
  t.after(() => server.stop());
  const write = (name: string, value: string): Promise<KubernetesObject> =>
    server.admin.send(
      'PATCH',
      `${PATH}/${name}?fieldManager=test`,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value } },
      { contentType: 'application/apply-patch+yaml' },
    );
  let last: ReadonlyMap<string, string> = new Map();
  const failures: string[] = [];
  const list = new FollowedList<string>(
    server.admin,
    { path: PATH, fieldSelector: 'metadata.name!=other' },
    {
      keep: (object) => (object['data'] as { readonly value: string }).value,
      onChange: (objects) => {
        last = objects;
      },
      onFailure: ({ message }) => failures.push(message),
    },
  );
  const sees = async (want: Readonly<Record<string, string>>): Promise<void> => {
    for (let i = 0; i < 1000; i++) {
      if (JSON.stringify(Object.fromEntries([...last].sort())) === JSON.stringify(want)) return;
      await delay(20);
    }
    assert.deepEqual(Object.fromEntries(last), want);
  };
  await write('a', '1');
  await write('other', '1');
  await list.start();
  await sees({ 'default/a': '1' });
  await write('b', '1');
  await write('a', '2');
  await sees({ 'default/a': '2', 'default/b': '1' });
  await server.admin.send('DELETE', `${PATH}/a`);
  await sees({ 'default/b': '1' });
  assert.deepEqual(failures, []);
  await server.crash();
  await server.restart();
  await write('c', '1');
  await sees({ 'default/b': '1', 'default/c': '1' });
  assert.ok(failures.length > 0);
  await list.stop();
  await write('d', '1');
  assert.equal(last.size, 2);
});
