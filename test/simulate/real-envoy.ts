import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, createRegistry, type DescMessage, toJson } from '@bufbuild/protobuf';
import { BootstrapSchema } from '../../src/envoy/gen/envoy/config/bootstrap/v3/bootstrap_pb.ts';
import type { Cluster } from '../../src/envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import type { Listener } from '../../src/envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { AdminClient, findEnvoy } from '../../src/proxies/index.ts';

/** A real Envoy that serves just these resources. */
export interface RealEnvoy {
  stop(): Promise<void>;
}

/** What an Envoy is to serve; `extensions` are the types inside its Any fields. */
export interface StaticResources {
  readonly listeners: readonly Listener[];
  readonly clusters: readonly Cluster[];
  readonly extensions: readonly DescMessage[];
}

const START_TIMEOUT_MS = 20_000;

/** Starts it and waits until it is ready. @throws with its log where it refuses the resources. */
export async function startEnvoy(resources: StaticResources): Promise<RealEnvoy> {
  const found = await findEnvoy();
  if (found.kind === 'missing') throw new Error(found.diagnostic.message);
  const folder = mkdtempSync(join(tmpdir(), 'pelagos-simulate-'));
  const adminSocket = join(folder, 'admin.sock');
  const bootstrap = create(BootstrapSchema, {
    node: { id: 'test', cluster: 'test' },
    admin: { address: { address: { case: 'pipe', value: { path: adminSocket, mode: 0o600 } } } },
    staticResources: { listeners: [...resources.listeners], clusters: [...resources.clusters] },
  });
  const json = JSON.stringify(
    toJson(BootstrapSchema, bootstrap, { registry: createRegistry(...resources.extensions) }),
  );
  const file = join(folder, 'envoy.json');
  writeFileSync(file, json);
  const args = ['--disable-hot-restart', '--concurrency', '1', '--log-level', 'warning', '--config-path', file];
  const child = spawn(found.path, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const log: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => log.push(chunk.toString()));
  const stop = async (): Promise<void> => {
    await ended(child);
    rmSync(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + START_TIMEOUT_MS;
  const admin = new AdminClient(adminSocket);
  while (Date.now() < deadline && child.exitCode === null) {
    const ready = await admin.readiness(1_000);
    if (ready === 'LIVE') return { stop };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await stop();
  throw new Error(`Envoy did not become ready:\n${log.join('').slice(-4_000)}`);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exit;
}

/** Free ports on the loopback. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const { createServer } = await import('node:net');
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Sends these bytes and gives what comes back until the other side closes, or for a moment. */
export async function exchange(
  to: { readonly host: string; readonly port: number; readonly localAddress?: string },
  bytes: Uint8Array,
): Promise<string> {
  const socket: Socket = createConnection(to);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => {});
  socket.write(bytes);
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    socket.setTimeout(5_000, () => resolve());
  });
  socket.destroy();
  return Buffer.concat(chunks).toString();
}
