/** A real CoreDNS with our Corefile, in front of our DNS server. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { decode, encode, type Packet, type Question } from 'dns-packet';
import { DnsListener, meshResponder } from '../../src/control-plane/index.ts';
import { withZones, type ZoneSource } from '../../src/istiod/dns/corefile.ts';
import { inlineZones } from '../../src/istiod/dns/inline-zones.ts';
import type { ClusterId, SocketAddress } from '../../src/model/index.ts';
import { istioText, serviceText } from '../../src/translate/testing/manifests.ts';
import { PaperMesh } from '../../src/translate/testing/paper-mesh.ts';

import { coreDnsBinary, withoutCoreDns } from './core-dns-binary.ts';

const paper = new PaperMesh({
  clusters: {
    cluster1:
      serviceText({ name: 'service', pods: { a: '10.1.0.1' } }) +
      istioText(
        'ServiceEntry',
        'wild',
        '{hosts: ["*.corp.internal"], ports: [{number: 80, name: http}], resolution: STATIC, location: MESH_INTERNAL, endpoints: [{address: 10.7.0.1}]}',
      ),
    cluster2:
      serviceText({ name: 'service', pods: { b: '10.2.0.1' } }) +
      serviceText({ name: 'db', pods: { 'db-0': '10.2.0.3', 'db-1': '10.2.0.4' }, headless: true }),
  },
});
const { mesh } = paper.plane;
const CLUSTER = 'cluster1' as ClusterId;

async function ask(port: number, question: Partial<Question>, timeoutMs = 8_000): Promise<Packet> {
  const socket = createSocket('udp4');
  try {
    return await new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('message', (reply) => resolve(decode(reply)));
      const questions = [{ type: 'A', name: 'example.org', ...question } as Question];
      socket.send(encode({ type: 'query', id: 1, flags: 1 << 8, questions }), port, '127.0.0.1');
      setTimeout(() => reject(new Error(`no answer for ${question.name}`)), timeoutMs).unref();
    });
  } finally {
    socket.close();
  }
}

/** The addresses, or the code of the reply and the type of its authority. */
async function found(port: number, name: string, type = 'A'): Promise<unknown> {
  const { answers = [], authorities = [], flags = 0 } = await ask(port, { name, type: type as 'A' });
  if (answers.length === 0) return [flags & 15, authorities[0]?.type];
  return answers.flatMap((answer) => (answer.type === 'A' || answer.type === 'AAAA' ? [answer.data] : [])).sort();
}

class CoreDns {
  readonly #program: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'pelagos-coredns-'));
  #process: ChildProcess | undefined;
  port = 0;

  constructor(program: string) {
    this.#program = program;
  }

  async start(source: ZoneSource): Promise<void> {
    this.port = await freePort();
    const root = `.:${this.port} {\n    template ANY ANY {\n        rcode REFUSED\n    }\n}\n`;
    const corefile = withZones(root, { zones: mesh.names.zones(), source });
    // What was heard is old after a second, so that the test need not wait half a minute.
    const impatient = corefile.replace('cache 30 {', 'cache 1 {\n        success 1024 1 1\n        denial 1024 1 1');
    writeFileSync(join(this.#folder, 'Corefile'), impatient);
    this.#process = spawn(this.#program, ['-conf', join(this.#folder, 'Corefile')], { stdio: 'ignore' });
    for (let i = 0; i < 100; i += 1) {
      assert.equal(this.#process.exitCode, null, 'CoreDNS ended');
      try {
        await ask(this.port, {}, 100);
        return;
      } catch {
        await delay(50);
      }
    }
  }

  stop(): void {
    this.#process?.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const listener = new DnsListener({ address: '127.0.0.1', port: 0 }, () => undefined);
  const { port } = await listener.start();
  await listener.stop();
  return port;
}

describe('CoreDNS', { skip: withoutCoreDns() }, () => {
  let server: DnsListener;
  let at: SocketAddress;
  const folder = mkdtempSync(join(tmpdir(), 'pelagos-coredns-binary-'));
  let forwarding: CoreDns;
  let inline: CoreDns;
  before(async () => {
    const program = coreDnsBinary(folder);
    assert.ok(program, 'there is no CoreDNS');
    forwarding = new CoreDns(program);
    inline = new CoreDns(program);
    server = new DnsListener({ address: '127.0.0.1', port: 0 }, meshResponder({ names: mesh.names, cluster: CLUSTER }));
    at = await server.start();
    await forwarding.start({ kind: 'forward', to: at });
    await inline.start({ kind: 'inline', directives: inlineZones(mesh.names.table(CLUSTER, 100).names) });
  });
  after(async () => {
    forwarding?.stop();
    inline?.stop();
    rmSync(folder, { recursive: true, force: true });
    await server.stop();
  });

  const cases: readonly (readonly [name: string, type: string])[] = [
    ['service.cluster2', 'A'],
    ['SERVICE.default.cluster2', 'A'],
    ['db.default.cluster2', 'A'],
    ['db-0.db.default.cluster2', 'A'],
    ['a.b.corp.internal', 'A'],
    ['service.cluster2', 'AAAA'],
    ['service.cluster2', 'TXT'],
    ['default.cluster2', 'A'],
    ['cluster2', 'A'],
    ['nobody.cluster2', 'A'],
    ['nobody.cluster2', 'AAAA'],
    ['corp.internal', 'A'],
    ['example.org', 'A'],
  ];
  for (const [name, type] of cases) {
    test(`${type} of ${name}: the same from the mesh, by a question and as configuration`, async () => {
      const direct = await found(at.port, name, type);
      assert.deepEqual(await found(forwarding.port, name, type), direct);
      assert.deepEqual(await found(inline.port, name, type), direct);
    });
  }

  test('a name that has just been made is there at once, although it was unknown before', async () => {
    const text = serviceText({ name: 'new', pods: { n: '10.2.0.9' } });
    assert.deepEqual(await found(forwarding.port, 'new.cluster2'), [3, 'SOA']);
    await delay(1_200);
    paper.apply('cluster2', text);
    assert.deepEqual(await found(forwarding.port, 'new.cluster2'), await found(at.port, 'new.cluster2'));
    paper.delete('cluster2', text);
  });

  test('what was heard is served for long while the control plane is away', async () => {
    const heard = await found(forwarding.port, 'service.cluster2');
    await server.stop();
    await delay(1_200);
    const startMs = performance.now();
    for (let i = 0; i < 5; i += 1) assert.deepEqual(await found(forwarding.port, 'service.cluster2'), heard);
    assert.ok(performance.now() - startMs < 5_000, 'it took too long to be of use');
  });
});
