/** Two real clusters on this machine (see ../lab), with our image in them, for the tests of one file. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findBinaries } from '../binaries.ts';
import { type CommandOptions, type CommandResult, mustRun, runCommand } from './command.ts';
import { nameOutside } from './outside-names.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const LAB = join(ROOT, 'test', 'kubernetes', 'lab', 'lab');

/** What `scripts/image` puts into the lab's cache; charts name it by hub and tag. */
export const IMAGE = 'lab.pelagos.dev/pelagos:test';

export interface Lab {
  /** What commands need to find the clusters and the programs: KUBECONFIG, PATH. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** This machine, as pods and API servers see it. */
  readonly hostAddress: string;
  /** Runs kubectl and gives what it printed. @throws Error with what it said. */
  kubectl(context: string, ...args: readonly string[]): Promise<string>;
  /** `kubectl apply -f -` */
  apply(context: string, manifests: string): Promise<void>;
  istioctl(...args: readonly string[]): Promise<CommandResult>;
  /** Anything else with the lab's environment, such as a script. */
  run(program: string, args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Tries again until what is checked holds. @throws the last failure after the time-out (60 s unless given). */
  eventually(what: string, check: () => Promise<void>, timeoutMs?: number): Promise<void>;
  /** A plain HTTP server on this machine, which the clusters' DNS knows by this name. */
  outside(name: string): Promise<{ close(): Promise<void> }>;
  down(): Promise<void>;
}

/** Why there can be no lab here, or false. Under CI nothing is skipped: the tests fail with the reason. */
export function withoutLab(): string | false {
  const reason = missing();
  return reason !== undefined && process.env['CI'] !== 'true' ? reason : false;
}

function missing(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'real clusters run on Linux x64 only';
  if (process.getuid?.() !== 0) return 'real clusters need root: network namespaces and mounts';
  if (findBinaries().kind === 'missing')
    return 'Kubernetes is not built: test/kubernetes/lab/lab build --dns (once, 10 to 20 minutes)';
  return undefined;
}

/** Starts fresh clusters of these names. Takes some 15 seconds; one lab runs on a machine at a time. */
export async function startLab(names: readonly string[], options: { readonly nodes?: number } = {}): Promise<Lab> {
  const reason = missing();
  if (reason) throw new Error(reason);
  const state = await mkdtemp(join(tmpdir(), 'pelagos-lab-'));
  const base = { ...process.env, K8S_LAB_STATE: join(state, 'lab') };
  const lab = (...args: readonly string[]): Promise<string> => mustRun(LAB, args, { env: base, timeoutMs: 600_000 });
  await lab('base-image');
  await mustRun(process.execPath, [join(ROOT, 'scripts', 'image', 'lab-image.mjs'), IMAGE], {
    env: base,
    timeoutMs: 300_000,
  });
  await lab('up', '--names', names.join(','), '--nodes', String(options.nodes ?? 1), '--images', IMAGE, '--dns');
  const env: Readonly<Record<string, string | undefined>> = { ...base, ...parseEnv(await lab('env')) };
  // Tests rename contexts: theirs is a copy.
  const kubeconfig = join(state, 'kubeconfig');
  await copyFile(env['KUBECONFIG'] ?? '', kubeconfig);
  await chmod(kubeconfig, 0o600);
  return new RunningLab({
    state,
    env: { ...env, KUBECONFIG: kubeconfig, PATH: `${join(ROOT, 'bin')}:${env['PATH']}` },
  });
}

class RunningLab implements Lab {
  readonly env: Lab['env'];
  readonly hostAddress: string;
  readonly #state: string;

  constructor(of: { readonly state: string; readonly env: Lab['env'] }) {
    this.env = of.env;
    this.#state = of.state;
    this.hostAddress = of.env['K8S_LAB_HOST_IP'] ?? '';
  }

  kubectl(context: string, ...args: readonly string[]): Promise<string> {
    return mustRun('kubectl', ['--context', context, ...args], { env: this.env });
  }

  async apply(context: string, manifests: string): Promise<void> {
    await mustRun('kubectl', ['--context', context, 'apply', '-f', '-'], { env: this.env, input: manifests });
  }

  istioctl(...args: readonly string[]): Promise<CommandResult> {
    return runCommand('istioctl', args, { env: this.env, timeoutMs: 300_000 });
  }

  run(program: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
    return runCommand(program, args, { ...options, env: { ...this.env, ...options.env } });
  }

  async eventually(what: string, check: () => Promise<void>, timeoutMs = 60_000): Promise<void> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      try {
        await check();
        return;
      } catch (error) {
        if (Date.now() > end) throw new Error(`not in time: ${what}`, { cause: error });
      }
      await delay(250);
    }
  }

  async outside(name: string): Promise<{ close(): Promise<void> }> {
    const server = createServer(({ method, url, headers }, response) => {
      response.end(`outside: ${method} ${headers.host} ${url}`);
    });
    server.listen(80, this.hostAddress);
    await once(server, 'listening');
    await nameOutside(this, [name]);
    return {
      close: async () => {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      },
    };
  }

  async down(): Promise<void> {
    const logs = process.env['PELAGOS_LAB_LOGS'];
    await mustRun(LAB, logs ? ['down', '--keep-logs'] : ['down'], { env: this.env });
    if (!logs && existsSync(this.#state)) await rm(this.#state, { recursive: true, force: true });
  }
}

/** Reads `export NAME=value` lines, values quoted as bash's `printf %q` does; `$PATH` is the machine's own. */
function parseEnv(text: string): Readonly<Record<string, string>> {
  const pairs = [...text.matchAll(/(?:^export |\s)([A-Z_0-9]+)=(\S+)/gm)];
  return Object.fromEntries(
    pairs.map(([, name = '', value = '']) => [
      name,
      value.replaceAll('\\', '').replace('$PATH', process.env['PATH'] ?? ''),
    ]),
  );
}
