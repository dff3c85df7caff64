import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import type { ApiServer, RequestOptions } from '../../kubernetes-api/index.ts';
import type { ClusterId } from '../../model/index.ts';
import { keepClusterNames } from './cluster-names.ts';

/** An API server that takes every question and answers none, as behind a network that drops packets. */
function silentApi(): { readonly api: ApiServer; readonly asked: string[] } {
  const asked: string[] = [];
  const ask = (method: string, path: string, options: RequestOptions = {}): Promise<never> => {
    asked.push(`${method} ${path}`);
    return new Promise((_, reject) => {
      options.signal?.addEventListener('abort', () => reject(options.signal?.reason));
    });
  };
  const api: Partial<ApiServer> = {
    url: 'https://silent',
    get: (path, options) => ask('GET', path, options),
    send: (method, path, _, options) => ask(method, path, options),
  };
  return { api: api as ApiServer, asked };
}

test('a cluster that does not answer does not hold up the end', async () => {
  const { api, asked } = silentApi();
  const missing = { namespace: 'default', name: 'reviews', ports: [] };
  const present = { namespace: 'default', name: 'old', ports: [] };
  const stop = keepClusterNames({
    api,
    cluster: 'cluster2' as ClusterId,
    mesh: {
      names: { zones: () => ['cluster1'], table: () => ({ names: [], omitted: 0 }) } as never,
      imports: { wanted: () => [missing], present: () => [present] } as never,
    },
    settings: { coreDns: true, imports: true },
    service: undefined,
    isComplete: () => true,
    log: pino({ level: 'silent' }),
    now: Date.now,
  });
  await delay(20);
  assert.deepEqual(asked.sort(), [
    'GET /api/v1/namespaces/default/services/old',
    'GET /api/v1/namespaces/kube-system/configmaps/coredns',
  ]);
  assert.equal(await Promise.race([stop(), delay(1_000, 'late', { ref: false })]), undefined);
});
