import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { type ApiServer, createApiServer, FollowedList, type ListQuery } from '../../src/kubernetes-api/index.ts';
import { startApiServer, type TestApiServer, withoutKubernetes } from './api-server.ts';
import { until } from './collected.ts';
import { startFaultyProxy } from './faulty-proxy.ts';
import { type Refusal, startRefusingProxy } from './refusing-proxy.ts';

const skip = withoutKubernetes();
const PATH = '/api/v1/namespaces/default/configmaps';

let server: TestApiServer;

before(async () => {
  if (!skip) server = await startApiServer();
});
after(() => server?.stop());

async function write(name: string, value: string, labels = {}): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data: { value } };
  const query = { fieldManager: 'test' };
  await server.admin.send('PATCH', `${PATH}/${name}`, body, { query, contentType: 'application/apply-patch+yaml' });
}

interface Stand {
  readonly list: FollowedList<string>;
  /** What was told last. */
  readonly told: () => ReadonlyMap<string, string>;
  readonly failures: readonly string[];
  readonly sees: (want: Readonly<Record<string, string>>) => Promise<unknown>;
}

function stand(t: TestContext, api: ApiServer, selectors: Partial<ListQuery>): Stand {
  let last: ReadonlyMap<string, string> = new Map();
  const failures: string[] = [];
  const list = new FollowedList<string>(
    api,
    { apiVersion: 'v1', resource: 'configmaps', namespace: 'default', ...selectors },
    {
      keep: (object) => (object['data'] as { readonly value: string }).value,
      onChange: (objects) => {
        last = objects;
      },
      onFailure: (reason) => failures.push(reason),
    },
  );
  t.after(() => list.stop());
  const text = (objects: Iterable<[string, string]>): string => JSON.stringify([...objects].sort());
  return {
    list,
    told: () => last,
    failures,
    sees: (want) =>
      until(
        () => text(last),
        (now) => now === text(Object.entries(want)),
        20_000,
      ),
  };
}

test('what is told is what is there, over a crash of the API server', { skip }, async (t) => {
  const { list, told, failures, sees } = stand(t, server.admin, { fieldSelector: 'metadata.name!=other' });
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
  await until(
    () => failures.join(),
    (reasons) => reasons.includes('ECONNREFUSED'),
  );
  await server.restart();
  await write('c', '1');
  await sees({ 'default/b': '1', 'default/c': '1' });
  await list.stop();
  await write('d', '1');
  assert.equal(told().size, 2);
});

test('what was read stands while nothing is found, and what has gone meanwhile is found by a new listing', {
  skip,
}, async (t) => {
  let refusal: Refusal | undefined = { status: 404, reason: 'NotFound' };
  let refusals = 0;
  let listings = 0;
  const proxy = await startRefusingProxy(server, ({ searchParams }) => {
    const isWatch = searchParams.has('watch');
    assert.ok(!searchParams.has('sendInitialEvents'), 'a few objects are read in a way that every server knows');
    if (refusal?.status === 410 && !isWatch) refusal = undefined;
    if (refusal) refusals++;
    else if (!isWatch) listings++;
    return refusal;
  });
  const network = await startFaultyProxy(Number(new URL(proxy.api.url).port));
  const api = createApiServer({ url: `http://127.0.0.1:${network.port}`, tls: {} });
  t.after(async () => {
    api.close();
    await network.close();
    await proxy.close();
  });
  const { list, told, failures, sees } = stand(t, api, { labelSelector: 'is=wanted' });
  for (const name of ['goes', 'stays']) await write(name, '1', { is: 'wanted' });
  await write('unwanted', '1');
  const started = list.start();
  await until(
    () => failures.length,
    (count) => count === 1,
  );
  refusal = undefined;
  await started;
  assert.deepEqual(Object.fromEntries(told()), { 'default/goes': '1', 'default/stays': '1' });

  refusal = { status: 404, reason: 'NotFound' };
  refusals = 0;
  network.cut('reset');
  await until(
    () => refusals,
    (count) => count > 3,
  );
  assert.equal(told().size, 2);
  assert.equal(failures.length, 2, 'a reason is told once');
  assert.equal(listings, 1);

  await server.admin.send('DELETE', `${PATH}/goes`);
  // Its history is gone as well.
  refusal = { status: 410, reason: 'Expired' };
  await sees({ 'default/stays': '1' });
  assert.equal(listings, 2);
  await write('stays', '2');
  await write('new', '1', { is: 'wanted' });
  await sees({ 'default/new': '1' });
  assert.equal(failures.length, 2, 'a version that is too old is no failure');
});
