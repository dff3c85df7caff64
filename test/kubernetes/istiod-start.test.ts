/** Istiod as a whole, with a real API server: what it begins it ends, also where it cannot start. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { pino } from 'pino';
import { Istiod, readSettings } from '../../src/istiod/index.ts';
import type { ApiServer } from '../../src/kubernetes-api/index.ts';
import { startApiServer, type TestApiServer, withoutKubernetes } from './api-server.ts';

const ADDRESS = '127.0.0.1';
const FREE = { xds: 0, plainXds: 0, webhook: 0, monitoring: 0, dns: 0, debug: 0 };

describe('istiod', { skip: withoutKubernetes() }, () => {
  let server: TestApiServer;
  before(async () => {
    server = await startApiServer();
    await server.admin.send('POST', '/api/v1/namespaces', { metadata: { name: 'istio-system' } });
  });
  after(() => server?.stop());

  /** The same API server, with what is followed on it. */
  function watched(): { readonly api: ApiServer; readonly open: Set<AbortSignal> } {
    const { admin } = server;
    const open = new Set<AbortSignal>();
    const api: ApiServer = {
      url: admin.url,
      get: (path, options) => admin.get(path, options),
      send: (method, path, body, options) => admin.send(method, path, body, options),
      text: (path, options) => admin.text(path, options),
      webSocket: (path, options) => admin.webSocket(path, options),
      close: () => undefined,
      stream: (path, options) => {
        assert.ok(options?.signal, `${path} is followed without an end`);
        open.add(options.signal);
        return admin.stream(path, options);
      },
    };
    return { api, open };
  }

  async function start(api: ApiServer, ports: Partial<typeof FREE> = {}): Promise<Istiod> {
    const settings = { ...readSettings({ BIND_ADDRESS: ADDRESS }), ports: { ...FREE, ...ports } };
    return await Istiod.start({ settings, api, version: 'test', log: pino({ level: 'silent' }), now: Date.now });
  }

  function followed(open: ReadonlySet<AbortSignal>): number {
    return [...open].filter(({ aborted }) => !aborted).length;
  }

  test('follows nothing any more when it has stopped', async () => {
    const { api, open } = watched();
    const istiod = await start(api);
    assert.ok(followed(open) > 5, `${followed(open)} things are followed`);
    await istiod.stop();
    assert.equal(followed(open), 0);
  });

  test('follows nothing where a port is taken: it is started again as a whole', async () => {
    const { api, open } = watched();
    const other = createServer();
    other.listen(0, ADDRESS);
    await once(other, 'listening');
    const taken = other.address();
    assert.ok(taken && typeof taken === 'object');
    await assert.rejects(start(api, { xds: taken.port }));
    assert.ok(open.size > 5, `${open.size} things were followed`);
    assert.equal(followed(open), 0);
    other.close();
  });
});
