import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, afterEach, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ClusterStatus, FleetStatus, PodStatus } from '../../../src/embedded/fleet-api.ts';
import type { Answer, CallOrder } from './answer.ts';
import { type CommandResult, describeResult, PELAGOS, ROOT, runCommand } from './command.ts';
import { eventually } from './eventually.ts';
import { Load } from './load.ts';
import { processesOf } from './processes.ts';

const CALLER = fileURLToPath(new URL('./caller.ts', import.meta.url));

/** Where a fleet's folder comes from: an example of this project, and files in its place or beside. */
export interface FleetContent {
  readonly example?: string;
  /** Path in the fleet's folder to text. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Who calls: `deployment/service` of namespace default, unless said otherwise. */
export interface Caller {
  readonly cluster: string;
  readonly namespace?: string;
  readonly target?: string;
}

/** A fleet in folders of its own, driven by nothing but the command. */
export class TestFleet {
  /** All of it is below this folder: manifests, state, temporary files. Short, for the sake of unix sockets. */
  readonly root: string;
  readonly dir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly #loads = new Set<Load>();

  constructor({ example, files = {} }: FleetContent) {
    this.root = mkdtempSync(join(tmpdir(), 'pel-'));
    this.dir = join(this.root, example ?? 'fleet');
    mkdirSync(this.dir);
    mkdirSync(join(this.root, 'tmp'));
    if (example) cpSync(join(ROOT, 'examples', example), this.dir, { recursive: true });
    for (const [path, text] of Object.entries(files)) this.write(path, text);
    this.env = { ...process.env, PELAGOS_STATE: join(this.root, 's'), TMPDIR: join(this.root, 'tmp'), NO_COLOR: '1' };
    // Node's test runner marks its children, which would make `node --test` of them.
    delete this.env['NODE_TEST_CONTEXT'];
    delete this.env['http_proxy'];
  }

  /** Runs the command with the fleet's own state. */
  run(args: readonly string[], input?: string): Promise<CommandResult> {
    return runCommand(PELAGOS, args, { env: this.env, cwd: this.dir, ...(input === undefined ? {} : { input }) });
  }

  /** Runs the command, which must succeed. @returns its standard output. */
  async ok(args: readonly string[], input?: string): Promise<string> {
    const result = await this.run(args, input);
    assert.equal(result.code, 0, describeResult(args, result));
    return result.stdout;
  }

  async up(...more: readonly string[]): Promise<string> {
    return await this.ok(['up', this.dir, '--detach', ...more]);
  }

  /** Also where something is not ready, which makes the exit code 1. */
  async status(): Promise<FleetStatus> {
    const result = await this.run(['status', '-o', 'json']);
    try {
      return JSON.parse(result.stdout) as FleetStatus;
    } catch {
      throw new Error(describeResult(['status'], result));
    }
  }

  async ready(): Promise<void> {
    await this.ok(['status', '--wait', '--timeout', '60s']);
  }

  async cluster(name: string): Promise<ClusterStatus> {
    const cluster = (await this.status()).clusters.find((candidate) => candidate.name === name);
    assert.ok(cluster, `there is no cluster ${name}`);
    return cluster;
  }

  /** The pods that run for an owner, by name. */
  async pods(cluster: string, owner: string, namespace = 'default'): Promise<readonly PodStatus[]> {
    const { pods } = await this.cluster(cluster);
    const own = pods.filter((pod) => pod.owner.toLowerCase() === owner && pod.namespace === namespace);
    return own.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Calls from a pod, all answers. */
  async call(from: Caller, order: CallOrder): Promise<readonly Answer[]> {
    const out = await this.ok(this.#exec(from, order));
    return out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Answer);
  }

  /** Calls from a pod once. */
  async callOnce(from: Caller, url: string, method = 'GET'): Promise<Answer> {
    const [answer] = await this.call(from, { url, method });
    assert.ok(answer);
    return answer;
  }

  /** Calls from a pod until it is stopped, at the latest by {@link stopLoads}. */
  load(from: Caller, order: CallOrder): Load {
    const load = new Load(PELAGOS, this.#exec(from, { ...order, count: 0 }), { cwd: this.dir, env: this.env });
    this.#loads.add(load);
    return load;
  }

  /** A caller that a failed test has left running would keep the test process alive for ever. */
  async stopLoads(): Promise<void> {
    const loads = [...this.#loads];
    this.#loads.clear();
    await Promise.all(loads.map((load) => load.stop()));
  }

  async apply(cluster: string, text: string): Promise<string> {
    return await this.ok(['apply', '--context', cluster, '-f', '-'], text);
  }

  /** Saves a file as editors do: whole, by a rename. */
  write(path: string, text: string): void {
    const file = join(this.dir, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.draft~`, text);
    renameSync(`${file}.draft~`, file);
  }

  read(path: string): string {
    return readFileSync(join(this.dir, path), 'utf8');
  }

  remove(path: string): void {
    rmSync(join(this.dir, path));
  }

  /** Ends the fleet, and holds that nothing of it is left: no process, no state. */
  async end(): Promise<void> {
    await this.ok(['down', this.dir]);
    await this.assertNothingRuns();
  }

  async assertNothingRuns(): Promise<void> {
    await eventually(
      'the end of all processes',
      () => {
        const left = processesOf(this.root).map(
          ({ pid, command }) => `${pid} ${command.replaceAll('\0', ' ').slice(0, 200)}`,
        );
        assert.deepEqual(left, []);
        return true;
      },
      15_000,
    );
  }

  /** The last resort where a test could not end in order; waits for it. */
  endNow(): void {
    for (const load of this.#loads) load.endNow();
    spawnSync(PELAGOS, ['down', this.dir], { env: this.env, cwd: this.dir, timeout: 60_000 });
    if (!process.env['PELAGOS_E2E_KEEP']) rmSync(this.root, { recursive: true, force: true });
  }

  #exec(
    { cluster, namespace = 'default', target = 'deployment/service' }: Caller,
    order: CallOrder,
  ): readonly string[] {
    const where = ['exec', '--context', cluster, '-n', namespace, target];
    return [...where, '--', process.execPath, '--disable-warning=ExperimentalWarning', CALLER, JSON.stringify(order)];
  }
}

/** The runner ends a file that takes too long by a signal, which skips what is to be done at the exit. */
process.once('SIGTERM', () => process.exit(1));

/** A fleet for the tests of one suite: started before them, ended after them whatever came of them. */
export function useFleet(content: FleetContent): TestFleet {
  const fleet = new TestFleet(content);
  const endNow = (): void => fleet.endNow();
  process.once('exit', endNow);
  before(async () => {
    await fleet.up();
  });
  afterEach(() => fleet.stopLoads());
  after(async () => {
    try {
      await fleet.end();
    } finally {
      process.off('exit', endNow);
      fleet.endNow();
    }
  });
  return fleet;
}
