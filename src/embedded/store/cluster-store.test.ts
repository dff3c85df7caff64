import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ClusterId } from '../../model/index.ts';
import { parseManifest, type SourceBatch } from '../../sources/index.ts';
import { ClusterStore } from './cluster-store.ts';
import { formatStoredBody } from './stored-object.ts';

const CLUSTER = 'c1' as ClusterId;

function objectOf(text: string) {
  const [object] = parseManifest({ cluster: CLUSTER, file: 'f.yaml', text }).documents.flatMap((one) => one.objects);
  assert.ok(object);
  return object;
}

function service(port: string | number, name = 'web') {
  return objectOf(`apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {ports: [{port: ${port}}]}\n`);
}

function storeWithSink() {
  const store = new ClusterStore(CLUSTER, () => 1_700_000_000_000);
  const batches: SourceBatch[] = [];
  return { store, batches, start: () => store.source().start({ apply: (batch) => batches.push(batch) }) };
}

test('a broken version is refused and the last good one stays', () => {
  const { store } = storeWithSink();
  assert.equal(store.set(service(80)).action, 'created');
  const broken = store.set(service('"eighty"'));
  assert.equal(broken.action, 'refused');
  assert.equal(store.get('Service', 'default', 'web')?.spec.ports[0]?.port, 80);
  assert.deepEqual(
    store.diagnostics.map(({ severity }) => severity),
    ['error'],
  );
  assert.equal(store.set(service(81)).action, 'configured');
  assert.deepEqual(store.diagnostics, []);
});

test('what was said of an object that was never taken goes with it', () => {
  const { store } = storeWithSink();
  const broken = service('"eighty"');
  store.set(broken);
  assert.equal(store.diagnostics.length, 1);
  store.forgetRefused(broken.ref);
  assert.deepEqual(store.diagnostics, []);
});

test('setting the same again changes nothing', () => {
  const { store } = storeWithSink();
  store.set(service(80));
  assert.equal(store.set(service(80)).action, 'unchanged');
});

test('a built-in object gives way and comes back', () => {
  const { store } = storeWithSink();
  const builtIn = service(15443);
  store.setBuiltIn(builtIn);
  store.set(service(80));
  assert.equal(store.get('Service', 'default', 'web')?.spec.ports[0]?.port, 80);
  assert.equal(store.delete(service(80)), 'deleted');
  assert.equal(store.get('Service', 'default', 'web')?.spec.ports[0]?.port, 15443);
  assert.equal(store.delete(builtIn), 'deleted');
  assert.equal(store.get('Service', 'default', 'web'), undefined);
  assert.equal(store.delete(builtIn), 'not-found');
});

test('what controllers add stays over a new version of the object', () => {
  const { store } = storeWithSink();
  const raw = service(80);
  store.set(raw);
  store.patch(raw, { labels: { a: 'b' }, status: { loadBalancer: {} } });
  store.set(service(81));
  const [stored] = store.listStored('Service');
  assert.equal(stored?.raw.meta.labels['a'], 'b');
  assert.deepEqual(stored?.raw.body['status'], { loadBalancer: {} });
  assert.equal(store.get('Service', 'default', 'web')?.spec.ports[0]?.port, 81);
  assert.match(
    String(stored && JSON.stringify(formatStoredBody(stored))),
    /"creationTimestamp":"2023-11-14T22:13:20Z"/,
  );
});

test('a source gives everything first, then all changes of one turn in one batch', async () => {
  const { store, batches, start } = storeWithSink();
  store.set(service(80));
  await start();
  assert.equal(batches.length, 1);
  await nextTurn();
  batches.length = 0;
  store.set(service(81));
  store.set(service(82, 'other'));
  store.delete(service(81));
  await nextTurn();
  assert.equal(batches.length, 1);
  assert.deepEqual(
    batches[0]?.deleted.map(({ name }) => name),
    ['web'],
  );
  assert.deepEqual(
    batches[0]?.set.map(({ ref }) => ref.name),
    ['other'],
  );
});

test('objects of two groups with one kind and name live side by side', async () => {
  const { store, batches, start } = storeWithSink();
  const istio = objectOf(
    'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}\n',
  );
  const other = objectOf('apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec: {}\n');
  store.set(istio);
  store.set(other);
  await start();
  await nextTurn();
  batches.length = 0;
  store.delete(other);
  await nextTurn();
  assert.deepEqual(
    batches.at(-1)?.set.map(({ apiVersion }) => apiVersion),
    ['networking.istio.io/v1'],
  );
  assert.ok(store.get('Gateway', 'default', 'g'));
});
