/**
 * Prints one JSON object: microseconds per update and bytes per node at 10,000 keys with three derived levels.
 * Run with `node --expose-gc src/graph/graph.bench.ts`; without the flag the bytes are left out.
 */
import { Graph, type Query, structuralEqual, type Table } from './index.ts';

/** What the script needs of its host; the stage itself has no types of any. */
const host = globalThis as unknown as {
  readonly gc?: () => void;
  readonly performance: { now(): number };
  readonly process: { memoryUsage(): { readonly heapUsed: number } };
  readonly console: { log(text: string): void };
};

const KEYS = 10_000;
const UPDATES = 50_000;

interface Service {
  readonly namespace: string;
  readonly ports: readonly number[];
  readonly labels: Readonly<Record<string, string>>;
}

interface World {
  readonly graph: Graph;
  readonly services: Table<Service>;
  readonly endpoints: Table<readonly string[]>;
  readonly policies: Table<string>;
  readonly cluster: Query<string>;
}

function serviceOf(i: number, version: number): Service {
  return { namespace: `ns${i % 100}`, ports: [80, 8000 + version], labels: { app: `app${i}` } };
}

/** Three levels: a service with its policy, its endpoints, and the text that a proxy would get. */
function makeWorld(): World {
  const graph = new Graph();
  const services = graph.table<Service>('services', { equal: structuralEqual });
  const endpoints = graph.table<readonly string[]>('endpoints', { equal: structuralEqual });
  const policies = graph.table<string>('policies');
  services.index('namespace', (service) => [service.namespace]);
  const settings = graph.query(
    'settings',
    (key) => {
      const service = services.get(key);
      return { service, policy: service === undefined ? undefined : policies.get(service.namespace) };
    },
    { equal: structuralEqual },
  );
  const members = graph.query(
    'members',
    (key) => {
      const { service } = settings.get(key);
      return { ports: service?.ports ?? [], addresses: endpoints.get(key) ?? [] };
    },
    { equal: structuralEqual },
  );
  const cluster = graph.query('cluster', (key) => {
    const { ports, addresses } = members.get(key);
    return `${key} ${settings.get(key).policy} ${ports.join()} ${addresses.join()}`;
  });
  graph.batch(() => {
    for (let i = 0; i < 100; i++) policies.set(`ns${i}`, 'STRICT');
    for (let i = 0; i < KEYS; i++) {
      services.set(`s${i}`, serviceOf(i, 0));
      endpoints.set(`s${i}`, [`10.0.${i >> 8}.${i & 255}`]);
    }
  });
  return { graph, services, endpoints, policies, cluster };
}

function heapUsed(): number {
  for (let i = 0; i < 3; i++) host.gc?.();
  return host.process.memoryUsage().heapUsed;
}

/** Mean microseconds of one call. */
function timed(times: number, run: (i: number) => void): number {
  const start = host.performance.now();
  for (let i = 0; i < times; i++) run(i);
  return Number((((host.performance.now() - start) * 1000) / times).toFixed(2));
}

function main(): void {
  const { graph, services, endpoints, policies, cluster } = makeWorld();
  const before = heapUsed();
  let changes = 0;
  const watch = (i: number): (() => void) => graph.watch(cluster, `s${i}`, () => changes++);
  const stops: (() => void)[] = [];
  const firstUs = timed(KEYS, (i) => stops.push(watch(i)));
  const bytes = heapUsed() - before;
  const { nodes, cells } = graph.stats;
  const update = (i: number): void => services.set(`s${(i * 7919) % KEYS}`, serviceOf((i * 7919) % KEYS, i + 1));
  timed(UPDATES, update);
  const serviceUpdateUs = timed(UPDATES, (i) => update(i + 1));
  const endpointUpdateUs = timed(UPDATES, (i) => endpoints.set(`s${(i * 7919) % KEYS}`, [`10.1.${i >> 8}.${i & 255}`]));
  const equalUpdateUs = timed(UPDATES, (i) => services.set(`s${i % KEYS}`, services.get(`s${i % KEYS}`) as Service));
  const comeAndGoUs = timed(UPDATES, (i) => {
    if (i % 2 === 0) services.set(`new${i}`, serviceOf(1, i));
    else services.delete(`new${i - 1}`);
  });
  const policyUpdateUs = timed(1_000, (i) => policies.set(`ns${i % 100}`, `mode${i}`));
  for (const stop of stops) stop();
  const result = {
    keys: KEYS,
    levels: 3,
    serviceUpdateUs,
    endpointUpdateUs,
    equalUpdateUs,
    comeAndGoUs,
    policyUpdateOf100ServicesUs: policyUpdateUs,
    firstValueUs: firstUs,
    nodes,
    cells,
    bytesPerNode: host.gc === undefined ? undefined : Math.round(bytes / nodes),
    changes,
    nodesLeft: graph.stats.nodes,
    cellsLeft: graph.stats.cells,
  };
  host.console.log(JSON.stringify(result, undefined, 2));
}

main();
