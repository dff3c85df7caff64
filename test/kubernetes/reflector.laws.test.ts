/** Whatever happens on the way, what a source has told ends as what the API server has. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import type { KubernetesList } from '../../src/kubernetes-api/index.ts';
import type { ClusterId } from '../../src/model/index.ts';
import { KubernetesSource } from '../../src/sources/index.ts';
import { startApiServer, type TestApiServer, withoutKubernetes } from './api-server.ts';
import { Collected, until } from './collected.ts';
import { startFaultyProxy } from './faulty-proxy.ts';

const skip = withoutKubernetes();
let server: TestApiServer;
let run = 0;

before(async () => {
  // A history of seconds instead of minutes, so that old versions expire (410) within the test.
  if (!skip) server = await startApiServer({ flags: ['--etcd-compaction-interval=1s'] });
});
after(() => server?.stop());

type Step =
  | { readonly kind: 'put'; readonly name: string; readonly color: string }
  | { readonly kind: 'delete'; readonly name: string }
  | { readonly kind: 'cut'; readonly how: 'end' | 'reset' }
  | { readonly kind: 'stall' | 'refuse' | 'heal' }
  | { readonly kind: 'wait'; readonly ms: number }
  /** The server is started anew, with none of its history. */
  | { readonly kind: 'forget' };

const name = fc.constantFrom('a', 'b', 'c', 'd');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('put' as const), name, color: fc.constantFrom('red', 'blue') }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), name }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('cut' as const), how: fc.constantFrom('end' as const, 'reset' as const) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('stall' as const, 'refuse' as const, 'heal' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 120 }) }) },
);

const MERGE = { contentType: 'application/apply-patch+yaml', query: { fieldManager: 'test', force: true } };

async function put(namespace: string, service: string, color: string): Promise<void> {
  await server.admin.send(
    'PATCH',
    `/api/v1/namespaces/${namespace}/services/${service}`,
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: service, labels: { color } },
      spec: { clusterIP: 'None', ports: [{ name: 'http', port: 80 }] },
    },
    MERGE,
  );
}

/** After it, watches from an older version get 410. */
async function forgetHistory(): Promise<void> {
  const { metadata } = await server.admin.get<KubernetesList>('/api/v1/services');
  // etcd forgets what is older than one interval, and the API server keeps its history in memory.
  await delay(2_500);
  await server.crash();
  await server.restart();
  const query = { watch: true, resourceVersion: metadata.resourceVersion, timeoutSeconds: 1 };
  const answer = await server.admin.text('/api/v1/services', { query }).catch(String);
  assert.match(answer, /410/);
}

/** `name=color`, sorted, as the server has it. */
async function truth(namespace: string): Promise<readonly string[]> {
  const list = await server.admin.get<KubernetesList>(`/api/v1/namespaces/${namespace}/services`);
  return list.items.map(({ metadata }) => `${metadata.name}=${metadata.labels?.['color']}`).sort();
}

function told(seen: Collected, namespace: string): readonly string[] {
  return [...seen.objects.values()]
    .filter(({ ref }) => ref.kind === 'Service' && ref.namespace === namespace)
    .map(({ ref, meta }) => `${ref.name}=${meta.labels['color']}`)
    .sort();
}

async function play(steps: readonly Step[]): Promise<void> {
  const namespace = `run-${run++}`;
  await server.admin.send('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  const network = await startFaultyProxy(server.port);
  const api = server.connect(server.adminToken, `https://127.0.0.1:${network.port}`);
  const timing = { backOff: { minMs: 5, maxMs: 50 }, silentMs: 400, answerMs: 400, probeMs: 50, probeAnswerMs: 200 };
  const source = new KubernetesSource({ cluster: 'c' as ClusterId, api, kinds: 'registry', timing });
  const seen = new Collected();
  try {
    const started = source.start(seen);
    for (const each of steps) {
      if (each.kind === 'put') await put(namespace, each.name, each.color);
      else if (each.kind === 'delete') {
        await server.admin
          .send('DELETE', `/api/v1/namespaces/${namespace}/services/${each.name}`)
          .catch(() => undefined);
      } else if (each.kind === 'cut') network.cut(each.how);
      else if (each.kind === 'stall') network.stall();
      else if (each.kind === 'refuse') await network.refuse();
      else if (each.kind === 'heal') await network.heal();
      else if (each.kind === 'wait') await delay(each.ms);
      else await forgetHistory();
    }
    await network.heal();
    await started;
    const wanted = (await truth(namespace)).join();
    await until(
      () => told(seen, namespace).join(),
      (now) => now === wanted,
    );
    await until(
      () => source.state().kind,
      (kind) => kind === 'synced',
    );
  } finally {
    await source.stop();
    api.close();
    await network.close();
  }
}

test('any order of changes and faults ends in what the server has', { skip, timeout: 120_000 }, async () => {
  const steps = fc.array(step, { minLength: 1, maxLength: 25 });
  await fc.assert(
    fc.asyncProperty(steps, async (list) => await play(list)),
    { numRuns: 12, interruptAfterTimeLimit: 25_000 },
  );
});

test('where the server has forgotten what was between (410), deletions are found', {
  skip,
  timeout: 60_000,
}, async () => {
  await play([
    { kind: 'put', name: 'a', color: 'red' },
    { kind: 'put', name: 'b', color: 'red' },
    { kind: 'wait', ms: 300 },
    { kind: 'refuse' },
    { kind: 'delete', name: 'a' },
    { kind: 'put', name: 'c', color: 'blue' },
    { kind: 'forget' },
  ]);
});

test('an API server that stops in its tracks, or crashes and comes back, is followed on', {
  skip,
  timeout: 120_000,
}, async () => {
  const namespace = 'crashes';
  await server.admin.send('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  const api = server.connect(server.adminToken);
  const timing = {
    backOff: { minMs: 20, maxMs: 200 },
    silentMs: 1_000,
    answerMs: 1_000,
    probeMs: 100,
    probeAnswerMs: 300,
  };
  const source = new KubernetesSource({ cluster: 'c' as ClusterId, api, kinds: 'registry', timing });
  const seen = new Collected();
  try {
    await source.start(seen);
    const state = (wanted: string): Promise<unknown> =>
      until(
        () => source.state().kind,
        (kind) => kind === wanted,
        20_000,
      );
    server.suspend();
    await state('stale');
    server.resume();
    await state('synced');
    await put(namespace, 'a', 'red');
    await until(
      () => told(seen, namespace).join(),
      (now) => now === 'a=red',
    );
    await server.crash();
    await state('stale');
    assert.equal(told(seen, namespace).join(), 'a=red');
    await server.restart();
    await put(namespace, 'b', 'red');
    await server.admin.send('DELETE', `/api/v1/namespaces/${namespace}/services/a`);
    await until(
      () => told(seen, namespace).join(),
      (now) => now === 'b=red',
      20_000,
    );
    await state('synced');
  } finally {
    await source.stop();
    api.close();
  }
});
