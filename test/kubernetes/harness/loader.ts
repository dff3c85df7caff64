/**
 * Runs in a pod: calls each of TARGETS (comma-separated URLs) steadily, by GET and POST, over connections that are kept and over new
 * ones. `GET http://127.0.0.1:9900/take` gives what came of the calls since it was last asked.
 */
import { Agent, createServer, type IncomingMessage, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const PORT = 9900;
const TIMEOUT_MS = 15_000;
/** Bounds what a report holds, should all fail for long. */
const MAX_FAILURES = 200;

/** Milliseconds between two calls, by what is called how. */
const EVERY_MS = { 'GET kept': 100, 'GET new': 250, 'POST kept': 200, 'POST new': 400 } as const;
type Way = keyof typeof EVERY_MS;

interface Failure {
  /** When it began; ISO 8601. */
  readonly at: string;
  readonly way: Way;
  readonly reason: string;
  readonly tookMs: number;
}

/** What came of the calls to one target. */
interface Tally {
  calls: number;
  failed: number;
  slowestMs: number;
  /** Answers by the cluster that gave them. */
  readonly clusters: Record<string, number>;
  readonly failures: Failure[];
}

const tallies = new Map<string, Tally>();
const kept = new Agent({ keepAlive: true, maxSockets: 4 });
const fresh = new Agent({ keepAlive: false });

function tallyOf(target: string): Tally {
  const tally = tallies.get(target) ?? { calls: 0, failed: 0, slowestMs: 0, clusters: {}, failures: [] };
  tallies.set(target, tally);
  return tally;
}

/** @returns the cluster that answered. @throws Error with the reason. */
async function call(target: string, way: Way): Promise<string> {
  const [method, connection] = way.split(' ');
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const agent = connection === 'kept' ? kept : fresh;
  const outgoing = request(target, { method: method ?? '', agent, timeout: TIMEOUT_MS }, resolve);
  outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
  outgoing.on('error', reject);
  outgoing.end(method === 'POST' ? 'something' : undefined);
  const answer = await promise;
  let body = '';
  for await (const part of answer.setEncoding('utf8')) body += part;
  if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${body.slice(0, 200)}`);
  return (JSON.parse(body) as { readonly cluster: string }).cluster;
}

async function measured(target: string, way: Way): Promise<void> {
  const begin = Date.now();
  try {
    const cluster = await call(target, way);
    const { clusters } = tallyOf(target);
    clusters[cluster] = (clusters[cluster] ?? 0) + 1;
  } catch (error) {
    const reason = error instanceof Error ? `${(error as NodeJS.ErrnoException).code ?? ''} ${error.message}` : '';
    const failure = { at: new Date(begin).toISOString(), way, reason, tookMs: Date.now() - begin };
    const tally = tallyOf(target);
    tally.failed += 1;
    if (tally.failures.length < MAX_FAILURES) tally.failures.push(failure);
    process.stdout.write(`${target} ${JSON.stringify(failure)}\n`);
  }
  const tally = tallyOf(target);
  tally.calls += 1;
  tally.slowestMs = Math.max(tally.slowestMs, Date.now() - begin);
}

/** An answer that comes late delays no later call. */
async function callSteadily(target: string, way: Way): Promise<void> {
  for (;;) {
    void measured(target, way);
    await delay(EVERY_MS[way]);
  }
}

createServer((_, response) => {
  response.end(JSON.stringify(Object.fromEntries(tallies)));
  tallies.clear();
}).listen(PORT, '127.0.0.1');
for (const target of (process.env['TARGETS'] ?? '').split(',')) {
  for (const way of Object.keys(EVERY_MS) as Way[]) void callSteadily(target, way);
}
