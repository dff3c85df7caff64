import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CliError } from './cli-error.ts';
import { FleetClient } from './fleet-client.ts';

async function fleet(t: TestContext, listener: RequestListener): Promise<FleetClient> {
  const folder = await mkdtemp(join(tmpdir(), 'pelagos-fleet-'));
  const server = createServer(listener);
  const path = join(folder, 'control.sock');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  });
  return new FleetClient(path);
}

test('an answer is what it says; a refusal keeps its code and its remedy', async (t) => {
  const error = { code: 'PEL1', message: 'no such cluster', remedy: 'Choose another.' };
  const client = await fleet(t, (request, response) => {
    if (request.url === '/v1/proxies') response.end('[]');
    else response.writeHead(404).end(JSON.stringify({ error }));
  });
  assert.deepEqual(await client.proxies(), []);
  await assert.rejects(client.objects('west', 'Pod'), (told) => told instanceof CliError && told.code === 'PEL1');
});

test('a fleet that ends in the middle of its answer, or gives none, does not answer', async (t) => {
  const client = await fleet(t, (request, response) => {
    if (request.url === '/v1/fleet') return;
    response.writeHead(200, { 'content-length': 100 }).write('[');
    setImmediate(() => response.destroy());
  });
  const isUnreachable = (told: unknown): boolean => told instanceof CliError && told.code === 'unreachable';
  await assert.rejects(client.proxies(), isUnreachable);
  await assert.rejects(client.status(50), isUnreachable);
});
