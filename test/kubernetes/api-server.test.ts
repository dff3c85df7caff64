import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { after, test } from 'node:test';
import { ApiError, connectContext } from '../../src/kubernetes-api/index.ts';
import { startApiServer, type TestApiServer, withoutKubernetes } from './api-server.ts';

const started: TestApiServer[] = [];

after(async () => {
  await Promise.all(started.map((server) => server.stop()));
});

test('two API servers run side by side, each with its own objects and users', {
  skip: withoutKubernetes(),
}, async () => {
  const [one, two] = await Promise.all([startApiServer({ users: [{ name: 'reader' }] }), startApiServer()]);
  started.push(one, two);
  await one.admin.send('POST', '/api/v1/namespaces', { metadata: { name: 'only-in-one' } });
  assert.equal((await one.admin.get('/api/v1/namespaces/only-in-one')).metadata.name, 'only-in-one');
  await assert.rejects(
    two.admin.get('/api/v1/namespaces/only-in-one'),
    (error) => error instanceof ApiError && error.reason === 'NotFound',
  );
  const reader = one.connect(one.tokenOf('reader'));
  await assert.rejects(
    reader.get('/api/v1/namespaces'),
    (error) => error instanceof ApiError && error.reason === 'Forbidden',
  );
  reader.close();
  const api = await connectContext({ file: one.kubeconfigFile });
  assert.equal((await api.get('/api/v1/namespaces/only-in-one')).metadata.name, 'only-in-one');
  api.close();
  await one.crash();
  await one.restart();
  assert.equal((await one.admin.get('/api/v1/namespaces/only-in-one')).metadata.name, 'only-in-one');
  await one.stop();
  assert.equal(existsSync(dirname(one.kubeconfigFile)), false);
});
