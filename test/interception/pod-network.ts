import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Why there can be no network namespaces here, or undefined where there can. */
export function noNamespaces(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  for (const tool of ['ip', 'nsenter', 'iptables-restore', 'ip6tables-restore', 'curl']) {
    try {
      execFileSync('which', [tool], { stdio: 'ignore' });
    } catch {
      return `${tool} is not on this machine`;
    }
  }
  return undefined;
}

export interface Answer {
  readonly code: number;
  readonly output: string;
}

/** Pods' networks on one bridge: a namespace with an address each, all of which go when it is closed. */
export class PodNetwork {
  readonly #id = process.pid % 100_000;
  readonly #bridge = `plg${this.#id}`;
  readonly #namespaces: string[] = [];
  readonly #processes: ChildProcess[] = [];
  readonly #net = `100.${64 + (this.#id % 64)}.${(this.#id >> 6) % 256}`;
  readonly log: string[] = [];

  /** The address of this machine, which pods see. */
  get host(): string {
    return `${this.#net}.1`;
  }

  address(number: number): string {
    return `${this.#net}.${number}`;
  }

  async open(): Promise<void> {
    await run('ip', ['link', 'add', this.#bridge, 'type', 'bridge']);
    await run('ip', ['addr', 'add', `${this.host}/24`, 'dev', this.#bridge]);
    await run('ip', ['link', 'set', this.#bridge, 'up']);
  }

  /** Whatever it calls is sent out on its one link: nothing routes between pods but the bridge. */
  async addPod(name: string, address: string): Promise<void> {
    const namespace = this.#name(name);
    const [outer, inner] = [`${this.#bridge}${this.#namespaces.length}`, `e${this.#id}${this.#namespaces.length}`];
    await run('ip', ['netns', 'add', namespace]);
    this.#namespaces.push(namespace);
    await run('ip', ['link', 'add', outer, 'type', 'veth', 'peer', 'name', inner, 'netns', namespace]);
    await run('ip', ['link', 'set', outer, 'master', this.#bridge, 'up']);
    const ip = (...args: readonly string[]): Promise<unknown> => run('ip', ['-n', namespace, ...args]);
    await ip('link', 'set', 'lo', 'up');
    await ip('link', 'set', inner, 'name', 'eth0');
    await ip('addr', 'add', `${address}/32`, 'dev', 'eth0');
    await ip('link', 'set', 'eth0', 'up');
    await ip('route', 'add', 'default', 'dev', 'eth0', 'src', address);
    // The proxy calls its application from ::6, as from 127.0.0.6; IPv6 has no block of loopback addresses.
    await ip('-6', 'addr', 'add', '::6/128', 'dev', 'lo');
    await ip('-6', 'addr', 'add', `${this.address6(address)}/128`, 'dev', 'eth0', 'nodad');
    await ip('-6', 'route', 'add', 'default', 'dev', 'eth0');
  }

  /** The IPv6 address beside an address of IPv4. */
  address6(address: string): string {
    return `fd5a:${(this.#id % 0xffff).toString(16)}::${address.split('.').at(-1)}`;
  }

  /** @param rules as iptables-restore (4) or ip6tables-restore (6) reads them. */
  async redirect(pod: string, rules: string, family: 4 | 6): Promise<void> {
    const tool = family === 4 ? 'iptables-restore' : 'ip6tables-restore';
    const restore = this.spawn(pod, [tool, '--noflush'], { input: rules });
    const code = await new Promise((resolve) => restore.once('exit', resolve));
    if (code !== 0) throw new Error(`${tool} ends with ${code}: ${this.log.join('')}`);
  }

  /** Runs a command in a pod to its end. Its output is standard output, and its code 0 or what it failed with. */
  async exec(pod: string, command: readonly string[], timeoutMs = 15_000): Promise<Answer> {
    const args = [`--net=/run/netns/${this.#name(pod)}`, '--', ...command];
    try {
      const { stdout } = await run('nsenter', args, { timeout: timeoutMs });
      return { code: 0, output: stdout };
    } catch (error) {
      const failed = error as { readonly code?: number; readonly stdout?: string };
      return { code: typeof failed.code === 'number' ? failed.code : 255, output: failed.stdout ?? '' };
    }
  }

  /** Starts a command in a pod that runs until the network is closed. */
  spawn(
    pod: string,
    command: readonly string[],
    options: { readonly user?: number; readonly input?: string } = {},
  ): ChildProcess {
    const user = options.user === undefined ? [] : ['-S', String(options.user), '-G', String(options.user)];
    const args = [`--net=/run/netns/${this.#name(pod)}`, ...user, '--', ...command];
    const child = spawn('nsenter', args, { stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
    child.stdin?.end(options.input);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => this.log.push(`${pod}: ${chunk.toString('utf8')}`));
    }
    this.#processes.push(child);
    return child;
  }

  async close(): Promise<void> {
    for (const child of this.#processes) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    for (const namespace of this.#namespaces) await run('ip', ['netns', 'del', namespace]).catch(() => undefined);
    await run('ip', ['link', 'del', this.#bridge]).catch(() => undefined);
  }

  #name(pod: string): string {
    return `${this.#bridge}-${pod}`;
  }
}
