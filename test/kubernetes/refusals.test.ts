/** What API servers refuse: streamed lists where they are older, lists that have expired, and too many requests. */
import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import type { ClusterId } from '../../src/model/index.ts';
import { KubernetesSource, type KubernetesSourceTiming } from '../../src/sources/index.ts';
import { startApiServer, type TestApiServer, withoutKubernetes } from './api-server.ts';
import { Collected, until } from './collected.ts';
import { createNamespace, createService } from './objects.ts';
import { type Refusal, startRefusingProxy } from './refusing-proxy.ts';

const skip = withoutKubernetes();
/** Over one page of a list. */
const MANY = 620;
const TIMING: Partial<KubernetesSourceTiming> = { backOff: { minMs: 20, maxMs: 100 } };
const NO_STREAMED_LISTS: Refusal = { status: 422, reason: 'Invalid' };

let server: TestApiServer;

before(async () => {
  if (skip) return;
  server = await startApiServer();
  await createNamespace(server.admin, 'many');
  for (let from = 0; from < MANY; from += 62) {
    await Promise.all(Array.from({ length: 62 }, (_, index) => createSlice(`slice-${from + index}`)));
  }
});
after(() => server?.stop());

async function createSlice(name: string): Promise<void> {
  const endpoints = [{ addresses: ['10.0.0.1'] }];
  const body = { metadata: { name }, addressType: 'IPv4', endpoints };
  await server.admin.send('POST', '/apis/discovery.k8s.io/v1/namespaces/many/endpointslices', body);
}

async function stand(
  t: TestContext,
  refuse: (url: URL) => Refusal | undefined,
): Promise<[KubernetesSource, Collected]> {
  const proxy = await startRefusingProxy(server, refuse);
  const source = new KubernetesSource({ cluster: 'c' as ClusterId, api: proxy.api, kinds: 'registry', timing: TIMING });
  t.after(async () => {
    await source.stop();
    await proxy.close();
  });
  return [source, new Collected()];
}

const isSlices = ({ pathname }: URL): boolean => pathname.endsWith('/endpointslices');

test('a server that does not stream lists is read page by page, and followed from there', { skip }, async (t) => {
  const pages: string[] = [];
  const [source, seen] = await stand(t, (url) => {
    if (url.searchParams.has('sendInitialEvents')) return NO_STREAMED_LISTS;
    if (isSlices(url) && url.searchParams.has('limit')) pages.push(url.searchParams.get('continue') ?? '');
    return undefined;
  });
  await source.start(seen);
  assert.equal(seen.names('EndpointSlice').length, MANY);
  assert.equal(pages.length, 2);
  assert.equal(seen.objects.get('c/EndpointSlice/many/slice-0')?.apiVersion, 'discovery.k8s.io/v1');
  await createService(server.admin, 'many', 'later');
  await until(
    () => seen.names('Service'),
    (names) => names.includes('many/later'),
  );
});

test('a list that expires between two pages is begun anew', { skip }, async (t) => {
  let refusals = 0;
  const [source, seen] = await stand(t, (url) => {
    // What a server says whose etcd cannot tell of progress.
    if (url.searchParams.has('sendInitialEvents')) return { status: 500, reason: 'InternalError' };
    const isSecondPage = isSlices(url) && url.searchParams.has('continue');
    return isSecondPage && refusals++ < 2 ? { status: 410, reason: 'Expired' } : undefined;
  });
  await source.start(seen);
  assert.equal(seen.names('EndpointSlice').length, MANY);
  assert.equal(refusals, 3);
});

test('a server that asks for time (429, Retry-After) is given it', { skip }, async (t) => {
  const asked: number[] = [];
  const [source, seen] = await stand(t, (url) => {
    if (!isSlices(url)) return undefined;
    asked.push(performance.now());
    return asked.length === 1 ? { status: 429, reason: 'TooManyRequests', headers: { 'retry-after': '1' } } : undefined;
  });
  await source.start(seen);
  assert.equal(seen.names('EndpointSlice').length, MANY);
  const [first = 0, second = 0] = asked;
  assert.ok(second - first >= 1_000, `it came again after ${second - first} ms`);
});

test('a version that the server cannot watch from, time and again, is given up for a new listing', {
  skip,
}, async (t) => {
  let listings = 0;
  let isLost = false;
  const [source, seen] = await stand(t, (url) => {
    if (!isSlices(url)) return undefined;
    if (url.searchParams.has('sendInitialEvents')) {
      listings++;
      isLost = false;
      return undefined;
    }
    return isLost ? { status: 504, reason: 'Timeout' } : undefined;
  });
  await source.start(seen);
  assert.equal(listings, 1);
  isLost = true;
  await server.crash();
  await server.restart();
  await until(
    () => listings,
    (count) => count === 2,
  );
  await until(
    () => source.state().kind,
    (kind) => kind === 'synced',
  );
});
