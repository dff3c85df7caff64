/**
 * Makes one call some times as a workload does, and prints each answer as a line of JSON. Run as a program in a pod's
 * environment: what `http_proxy` says is used, as curl would.
 */
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';

/** What is to be called, given as JSON in the first argument. */
export interface CallOrder {
  readonly method: string;
  readonly scheme: 'http' | 'tcp';
  readonly host: string;
  readonly port: number;
  /** The Host header. */
  readonly authority: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly times: number;
  /** Where to connect to instead of the proxy or the host: a socket of a pod, from outside the mesh. */
  readonly dial?: { readonly address: string; readonly port: number };
}

/** One line of the output. */
export interface CallResult {
  /** Not given where the connection ended without an answer. */
  readonly status?: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Why there was no answer: an error code of the system (`ENOTFOUND`: nobody has the name), else a sentence. */
  readonly error?: string;
}

const TIMEOUT_MS = 15_000;
const IN_PARALLEL = 4;

const order = JSON.parse(process.argv[2] ?? '{}') as CallOrder;
let left = order.times;
await Promise.all(Array.from({ length: Math.min(IN_PARALLEL, order.times) }, work));

async function work(): Promise<void> {
  while (left-- > 0) {
    const result = await (order.scheme === 'tcp' ? callTcp() : callHttp()).catch(failed);
    process.stdout.write(`${JSON.stringify(result)}\n`);
  }
}

function failed(error: NodeJS.ErrnoException): CallResult {
  return { headers: {}, body: '', error: error.code ?? error.message };
}

function proxyOf(): { readonly address: string; readonly port: number } | undefined {
  const given = process.env['http_proxy'];
  if (!given) return undefined;
  const { hostname, port } = new URL(given);
  return { address: hostname, port: Number(port) };
}

function callHttp(): Promise<CallResult> {
  const proxy = order.dial ? undefined : proxyOf();
  const to = order.dial ?? proxy ?? { address: order.host, port: order.port };
  const path = proxy ? `http://${order.authority}${order.path}` : order.path;
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: to.address,
        port: to.port,
        method: order.method,
        path,
        agent: false,
        headers: { host: order.authority, ...order.headers },
      },
      (answer) => void read(answer).then(resolve, reject),
    );
    sent.setTimeout(TIMEOUT_MS, () => sent.destroy(new Error('no answer in time')));
    sent.on('error', reject);
    sent.end(order.body);
  });
}

async function read(answer: IncomingMessage): Promise<CallResult> {
  let body = '';
  for await (const chunk of answer) body += String(chunk);
  const headers = Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, String(value)]));
  return { ...(answer.statusCode === undefined ? {} : { status: answer.statusCode }), headers, body };
}

/** A connection, through CONNECT where there is a proxy; the echo application speaks first. */
function callTcp(): Promise<CallResult> {
  const proxy = order.dial ? undefined : proxyOf();
  const to = order.dial ?? proxy ?? { address: order.host, port: order.port };
  return new Promise((resolve, reject) => {
    const socket = connect(to.port, to.address);
    let text = '';
    let tunnelled = proxy === undefined;
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer in time')));
    socket.on('error', reject);
    socket.on('close', () => resolve({ headers: {}, body: '' }));
    if (proxy)
      socket.write(`CONNECT ${order.host}:${order.port} HTTP/1.1\r\nhost: ${order.host}:${order.port}\r\n\r\n`);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (!tunnelled) {
        const end = text.indexOf('\r\n\r\n');
        if (end < 0) return;
        if (!/^HTTP\/1\.1 200/.test(text)) return socket.destroy();
        tunnelled = true;
        text = text.slice(end + 4);
      }
      if (!text.includes('\n')) return;
      resolve({ headers: {}, body: text.slice(0, text.indexOf('\n')) });
      socket.destroy();
    });
  });
}
