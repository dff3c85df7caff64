/**
 * The part of a kubelet that an API server hands streams to: port-forward to ports of this machine, and commands that the
 * test answers. Speaks `v4.channel.k8s.io` and `v5.channel.k8s.io` over WebSocket as kubelets of Kubernetes 1.36 and later do.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { dirname, join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import type { TestApiServer } from './api-server.ts';

const NODE = 'node1';

/** What a command in a container gives. */
export interface Ran {
  readonly code: number;
  readonly out: string;
}

export interface TestKubelet {
  /** Makes a pod that runs on this node and is ready. Its ports lead to ports of this machine. */
  pod(pod: TestPod): Promise<void>;
  /** Takes a pod that is there and has no node yet, and lets it be ready. */
  adopt(pod: TestPod): Promise<void>;
  stop(): Promise<void>;
}

export interface TestPod {
  readonly namespace: string;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly containers: readonly string[];
  /** Of the pod's loopback, to ports of this machine. */
  readonly ports?: Readonly<Record<number, number>>;
  readonly run?: (command: readonly string[], container: string) => Ran;
}

/** Starts it and tells the API server of its node. */
export async function startKubelet(server: TestApiServer): Promise<TestKubelet> {
  const pods = new Map<string, TestPod>();
  const certificates = join(dirname(server.kubeconfigFile), 'certificates');
  const https = createServer({
    cert: readFileSync(join(certificates, 'apiserver.crt')),
    key: readFileSync(join(certificates, 'apiserver.key')),
  });
  const sockets = new WebSocketServer({
    server: https,
    handleProtocols: (offered) => ['v5.channel.k8s.io', 'v4.channel.k8s.io'].find((each) => offered.has(each)) ?? false,
  });
  sockets.on('connection', (socket, call) => {
    const url = new URL(call.url ?? '', 'https://kubelet');
    const [, verb, namespace, name, container = ''] = url.pathname.split('/');
    const pod = pods.get(`${namespace}/${name}`);
    if (verb === 'portForward') forward(socket, pod, Number(url.searchParams.get('port')));
    else run(socket, pod?.run?.(url.searchParams.getAll('command'), container));
  });
  await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
  await registerNode(server, (https.address() as AddressInfo).port);
  return {
    pod: async (pod) => {
      pods.set(`${pod.namespace}/${pod.name}`, pod);
      await createPod(server, pod);
    },
    adopt: async (pod) => {
      pods.set(`${pod.namespace}/${pod.name}`, pod);
      const path = `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}/binding`;
      await server.admin.send('POST', path, { metadata: { name: pod.name }, target: { kind: 'Node', name: NODE } });
      await beReady(server, pod);
    },
    stop: async () => {
      for (const socket of sockets.clients) socket.terminate();
      await new Promise((resolve) => https.close(resolve));
    },
  };
}

function frame(channel: number, content: string | Buffer): Buffer {
  return Buffer.concat([Buffer.of(channel), Buffer.from(content)]);
}

function forward(socket: WebSocket, pod: TestPod | undefined, port: number): void {
  const number = Buffer.alloc(2);
  number.writeUInt16LE(port);
  socket.send(frame(0, number));
  socket.send(frame(1, number));
  const target = pod?.ports?.[port];
  if (target === undefined) {
    socket.send(frame(1, `error forwarding port ${port} to pod: connection refused`));
    socket.close();
    return;
  }
  const stream = connect(target, '127.0.0.1');
  socket.on('message', (data: Buffer) => stream.write(data.subarray(1)));
  socket.on('close', () => stream.destroy());
  stream.on('data', (part) => socket.send(frame(0, part)));
  stream.on('error', (error) => socket.send(frame(1, String(error))));
  stream.on('close', () => socket.close());
}

function run(socket: WebSocket, ran: Ran | undefined): void {
  const causes = [{ reason: 'ExitCode', message: String(ran?.code) }];
  const status = !ran
    ? { status: 'Failure', reason: 'NotFound', message: 'container not found' }
    : ran.code === 0
      ? { status: 'Success' }
      : { status: 'Failure', reason: 'NonZeroExitCode', details: { causes } };
  socket.send(frame(1, ''));
  if (ran) socket.send(frame(1, ran.out));
  socket.send(frame(3, JSON.stringify(status)));
  socket.close();
}

async function registerNode({ admin }: TestApiServer, port: number): Promise<void> {
  await admin.send('POST', '/api/v1/nodes', { metadata: { name: NODE } });
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
    // Else the API server would translate WebSockets to SPDY.
    declaredFeatures: ['ExtendWebSocketsToKubelet'],
  };
  await admin.send(
    'PATCH',
    `/api/v1/nodes/${NODE}/status`,
    { status },
    { contentType: 'application/merge-patch+json' },
  );
}

async function createPod(server: TestApiServer, pod: TestPod): Promise<void> {
  const { namespace, name, labels = {}, containers } = pod;
  const path = `/api/v1/namespaces/${namespace}/pods`;
  await server.admin.send('POST', path, {
    metadata: { name, labels },
    spec: { nodeName: NODE, containers: containers.map((each) => ({ name: each, image: `${each}:1` })) },
  });
  await beReady(server, pod);
}

async function beReady({ admin }: TestApiServer, { namespace, name, containers }: TestPod): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
  const status = {
    phase: 'Running',
    podIP: '10.0.0.1',
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: containers.map((each) => ({
      name: each,
      ready: true,
      started: true,
      restartCount: 0,
      image: `${each}:1`,
      imageID: '',
      state: { running: {} },
    })),
  };
  await admin.send('PATCH', path, { status }, { contentType: 'application/merge-patch+json' });
}
