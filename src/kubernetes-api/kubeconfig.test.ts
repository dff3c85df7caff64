import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { ApiError, kubeconfigContexts } from './index.ts';

test('of the files in $KUBECONFIG those that are there count, as with kubectl', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'pelagos-kubeconfig-'));
  const before = process.env['KUBECONFIG'];
  t.after(async () => {
    if (before === undefined) delete process.env['KUBECONFIG'];
    else process.env['KUBECONFIG'] = before;
    await rm(folder, { recursive: true });
  });
  const file = async (name: string): Promise<string> => {
    const path = join(folder, name);
    const text = { contexts: [{ name, context: { cluster: name, user: name } }], 'current-context': name };
    const clusters = [{ name, cluster: { server: 'https://127.0.0.1:1' } }];
    await writeFile(path, JSON.stringify({ ...text, clusters, users: [{ name, user: {} }] }));
    return path;
  };
  const missing = join(folder, 'missing');
  const list = [missing, await file('one'), '', missing, await file('two')];
  process.env['KUBECONFIG'] = list.join(delimiter);
  assert.deepEqual(await kubeconfigContexts(), { names: ['one', 'two'], current: 'one' });
  process.env['KUBECONFIG'] = missing;
  await assert.rejects(kubeconfigContexts(), (error) => {
    assert.ok(error instanceof ApiError);
    assert.equal(error.reason, 'InvalidKubeconfig');
    assert.ok(error.message.includes(missing));
    return true;
  });
});
