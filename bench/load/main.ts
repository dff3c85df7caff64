/**
 * The load generator: a process of its own, run as a pod (`pelagos exec`). A closed loop: each connection sends its next
 * request when the last one is answered. Argument: a LoadPlan as JSON. Output: a list of LoadResult as JSON.
 */
import { percentile } from '../percentile.ts';
import { type Call, callOf, HttpConnection } from './connection.ts';
import type { LoadPlan, LoadResult, LoadTarget } from './load-plan.ts';

interface Tally {
  readonly latenciesMs: number[];
  failed: number;
  /** Requests per second, turn by turn. */
  readonly rates: number[];
}

async function loop(
  connection: HttpConnection,
  call: Call,
  { tally, endMs }: { tally: Tally; endMs: number },
): Promise<void> {
  for (let startMs = performance.now(); startMs < endMs; ) {
    const answer = await connection.send(call.request).catch(() => undefined);
    const nowMs = performance.now();
    if (answer?.status === 200) tally.latenciesMs.push(nowMs - startMs);
    else tally.failed++;
    if (!answer) return;
    startMs = nowMs;
  }
}

/** One turn of a target; opening connections, and the first request of each, do not count. */
async function turn(call: Call, count: number, { tally, ms }: { tally: Tally; ms: number }): Promise<void> {
  const connections = await Promise.all(Array.from({ length: count }, () => HttpConnection.open(call.authority)));
  try {
    await Promise.all(connections.map((connection) => connection.send(call.request)));
    const before = tally.latenciesMs.length;
    const startMs = performance.now();
    await Promise.all(connections.map((connection) => loop(connection, call, { tally, endMs: startMs + ms })));
    tally.rates.push(((tally.latenciesMs.length - before) / (performance.now() - startMs)) * 1000);
  } finally {
    for (const connection of connections) connection.close();
  }
}

function callTo({ url, via }: LoadTarget): Call {
  if (via === 'direct') return callOf(url);
  const proxy = process.env['http_proxy'];
  if (!proxy) throw new Error('there is no $http_proxy: run it as a pod of the mesh, with `pelagos exec`');
  return callOf(url, proxy);
}

function newTally(): Tally {
  return { latenciesMs: [], failed: 0, rates: [] };
}

async function run(plan: LoadPlan): Promise<readonly LoadResult[]> {
  const slots = plan.targets.flatMap((target) =>
    plan.connections.map((connections) => ({ target, connections, call: callTo(target), tally: newTally() })),
  );
  const most = Math.max(...plan.connections);
  for (const target of plan.targets) await turn(callTo(target), most, { tally: newTally(), ms: plan.warmUpMs });
  for (let round = 0; round < plan.rounds; round++) {
    for (const { call, connections, tally } of slots) await turn(call, connections, { tally, ms: plan.turnMs });
  }
  return slots.map(({ target, connections, tally }) => ({
    target: target.name,
    connections,
    requests: tally.latenciesMs.length + tally.failed,
    failedRequests: tally.failed,
    requestsPerSecond: percentile(tally.rates, 0.5),
    p50Ms: percentile(tally.latenciesMs, 0.5),
    p99Ms: percentile(tally.latenciesMs, 0.99),
  }));
}

process.stdout.write(`${JSON.stringify(await run(JSON.parse(process.argv[2] ?? '{}') as LoadPlan))}\n`);
