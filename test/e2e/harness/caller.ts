/**
 * Calls a URL as a pod does: through the pod's $http_proxy, where it has one. Run by `pelagos exec`; prints a line of
 * JSON per answer. Argument: a CallOrder as JSON. Ends after `count` calls, or with SIGTERM where that is 0.
 */
import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, CallOrder } from './answer.ts';

const TIMEOUT_MS = 30_000;
const order = JSON.parse(process.argv[2] ?? '{}') as CallOrder;
const target = new URL(order.url);
const proxy = process.env['http_proxy'] ? new URL(process.env['http_proxy']) : undefined;
const concurrency = order.concurrency ?? 1;
const count = order.count ?? 1;
const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
let begun = 0;
let isStopping = false;

process.once('SIGTERM', () => {
  isStopping = true;
});

function call(): Promise<Answer> {
  return new Promise((resolve) => {
    const fail = (error: Error): void => resolve({ status: 0, error: error.message });
    const outgoing = request(
      {
        host: proxy?.hostname ?? target.hostname,
        port: proxy?.port || target.port || 80,
        path: proxy ? target.href : `${target.pathname}${target.search}`,
        method: order.method ?? 'GET',
        headers: { host: target.host, ...order.headers },
        agent,
        timeout: TIMEOUT_MS,
      },
      (response) => read(response, resolve, fail),
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    outgoing.on('error', fail);
    outgoing.end(order.body);
  });
}

function read(response: IncomingMessage, resolve: (answer: Answer) => void, fail: (error: Error) => void): void {
  let text = '';
  response.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  response.on('error', fail);
  response.on('end', () => resolve({ ...fieldsOf(text), status: response.statusCode ?? 0 }));
}

function fieldsOf(text: string): Omit<Answer, 'status'> {
  try {
    const { cluster, namespace, pod, version, method, path, caller, headers } = JSON.parse(text) as Answer;
    return {
      cluster,
      namespace,
      pod,
      version,
      method,
      path,
      caller,
      ...(order.wantHeaders ? { headers } : {}),
    } as Answer;
  } catch {
    return { text: text.slice(0, 300) };
  }
}

async function worker(): Promise<void> {
  while (!isStopping && (count === 0 || begun < count)) {
    begun++;
    process.stdout.write(`${JSON.stringify(await call())}\n`);
    if (order.pauseMs) await sleep(order.pauseMs);
  }
}

await Promise.all(Array.from({ length: concurrency }, worker));
agent.destroy();
