import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FleetClient } from '../src/cli/fleet-client.ts';
import type { PodStatus } from '../src/embedded/fleet-api.ts';
import { parseFleetRecord, stateFolderOf, statePathsOf } from '../src/embedded/state-api.ts';

export const ROOT: string = fileURLToPath(new URL('..', import.meta.url));
const COMMAND = join(ROOT, 'bin', 'pelagos');
const READY_MS = 90_000;
const POLL_MS = 20;

/** A process of the fleet. */
export interface FleetProcess {
  readonly pid: number;
  /** `cluster1/default/client-5d8f-x2x7q/istio-proxy`. */
  readonly name: string;
}

/** Fleets that were started and not ended yet. */
const running = new Set<Fleet>();

/** Ends every fleet that still runs, for who is interrupted. */
export async function stopFleets(): Promise<void> {
  await Promise.allSettled([...running].map((fleet) => fleet.down()));
}

/** A fleet that the benchmark starts with the command, apart from all that the user runs. */
export class Fleet {
  readonly dir: string;
  /** `performance.now()` when the command was started. */
  readonly startedMs: number;
  readonly client: FleetClient;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #up: Promise<string>;
  #ended: Promise<void> | undefined;

  private constructor(dir: string, env: Readonly<Record<string, string | undefined>>) {
    this.dir = dir;
    this.#env = env;
    this.client = new FleetClient(statePathsOf(stateFolderOf(dir, env)).controlSocket);
    this.startedMs = performance.now();
    this.#up = this.#run(['up', dir, '--detach', '--timeout', `${READY_MS / 1000}s`]);
    // Whoever waits for it is told; nobody need wait.
    this.#up.catch(() => undefined);
  }

  /** @param scratch state and caches go below this folder; the same one keeps caches from one start to the next. */
  static start(dir: string, scratch: string): Fleet {
    const cache = join(scratch, 'compiled');
    mkdirSync(cache, { recursive: true });
    const fleet = new Fleet(dir, { ...process.env, PELAGOS_STATE: scratch, NODE_COMPILE_CACHE: cache });
    running.add(fleet);
    return fleet;
  }

  /** When the command has returned. @returns milliseconds from its start. @throws Error with what it wrote. */
  async ready(): Promise<number> {
    await this.#up;
    return performance.now() - this.startedMs;
  }

  /** Waits for a pod of that owner (`deployment/client`) to be there, ready or not. */
  async pod(cluster: string, owner: string): Promise<PodStatus> {
    for (;;) {
      const status = await this.client.status().catch(() => undefined);
      const pods = status?.clusters.find(({ name }) => name === cluster)?.pods ?? [];
      const pod = pods.find((candidate) => candidate.owner === owner && candidate.phase !== 'Terminating');
      if (pod) return pod;
      await this.#notFailed(`there is no pod of ${owner} in ${cluster}`);
    }
  }

  /** `http_proxy` of a pod: its sidecar. */
  async sidecarOf(cluster: string, owner: string): Promise<string> {
    for (;;) {
      const { namespace, name } = await this.pod(cluster, owner);
      const access = await this.client.pod(cluster, namespace, name).catch(() => undefined);
      const proxy = access?.env['http_proxy'];
      if (proxy) return proxy;
      await this.#notFailed(`a pod of ${owner} in ${cluster} has no sidecar`);
    }
  }

  /** Runs a command as a pod. @returns what it wrote. */
  exec(cluster: string, owner: string, command: readonly string[]): Promise<string> {
    return this.#run(['exec', '--fleet', this.dir, '--context', cluster, owner, '--', ...command]);
  }

  /** Ends it and all its processes. */
  down(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  /** The control plane's process and those of pods. */
  processes(): { readonly controlPlane: number; readonly pods: readonly FleetProcess[] } {
    const paths = statePathsOf(stateFolderOf(this.dir, this.#env));
    const record = parseFleetRecord(readFileSync(paths.record, 'utf8'));
    if (!record) throw new Error(`${paths.record} does not tell who runs the fleet`);
    const files = readdirSync(paths.processes).filter((file) => file.endsWith('.json'));
    const pods = files.map((file) => JSON.parse(readFileSync(join(paths.processes, file), 'utf8')) as FleetProcess);
    return { controlPlane: record.pid, pods };
  }

  async #end(): Promise<void> {
    await this.#up.catch(() => undefined);
    await this.#run(['down', this.dir]);
    running.delete(this);
  }

  async #notFailed(problem: string): Promise<void> {
    if (performance.now() - this.startedMs > READY_MS) throw new Error(`${problem} after ${READY_MS / 1000} s`);
    const failure = this.#up.then(
      () => undefined,
      (error: unknown) => error,
    );
    const first = await Promise.race([failure, sleep(POLL_MS)]);
    if (first !== undefined) throw first;
    await sleep(POLL_MS);
  }

  #run(args: readonly string[]): Promise<string> {
    const child = spawn(COMMAND, args, {
      cwd: ROOT,
      env: { ...this.#env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    return outputOf(child, `pelagos ${args.join(' ').slice(0, 200)}`);
  }
}

function outputOf(child: ChildProcess, what: string): Promise<string> {
  const written = { out: '', err: '' };
  child.stdout?.on('data', (data: Buffer) => (written.out += data.toString('utf8')));
  child.stderr?.on('data', (data: Buffer) => (written.err += data.toString('utf8')));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(written.out);
      else reject(new Error(`\`${what}\` ended with ${code}:\n${written.err.slice(-4000)}${written.out.slice(-4000)}`));
    });
  });
}
