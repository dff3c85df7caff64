/** Runs the containers of an injected pod in a network namespace, one after the other as the kubelet would. Needs root. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Container, INIT_CONTAINER, type Pod, PROXY_CONTAINER } from '../../src/proxies/injection/pod.ts';

const run = promisify(execFile);

/** For the option `skip` of a test: why there can be no network namespaces here, or false. Under CI nothing is skipped. */
export function withoutNamespaces(): string | false {
  return process.env['CI'] !== 'true' && whatIsMissing();
}

function whatIsMissing(): string | false {
  if (process.platform !== 'linux') return 'network namespaces are there on Linux only';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const missing = ['ip', 'iptables-restore', 'ip6tables-restore', 'setpriv', 'curl'].filter((name) => !isOnPath(name));
  return missing.length > 0 ? `${missing.join(', ')} not found` : false;
}

function isOnPath(name: string): boolean {
  return ['/usr/sbin', '/usr/bin', '/sbin', '/bin'].some((folder) => existsSync(join(folder, name)));
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly uid?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * A pod's network: an interface `eth0` with an address of its own, and the machine as its only neighbour. Its `/run` is
 * its own too: `secrets` is a folder of this machine.
 */
export class PodNamespace {
  readonly name: string = `pelagos-${randomBytes(4).toString('hex')}`;
  /** The machine's address as the pod sees it, and the pod's. */
  readonly host: string;
  readonly address: string;
  /** What the pod finds below /var/run/secrets. */
  secrets = '';
  readonly #programs = new Map<string, string>();
  readonly #children = new Set<ChildProcess>();
  #folder = '';

  constructor() {
    // 198.18.0.0/15 is set aside for tests of networks (RFC 2544): 32,768 pairs.
    const [a = 0, b = 0] = randomBytes(2);
    this.host = `198.${18 + (a & 1)}.${b}.${a & 0xfe || 2}`;
    this.address = this.host.replace(/\d+$/, (last) => String(Number(last) + 1));
  }

  /**
   * @param programs files of this machine that the pod has as /run/<name>.
   * @param neighbour another pod whose control plane and secrets this one has too.
   */
  async create(programs: Readonly<Record<string, string>> = {}, neighbour?: PodNamespace): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), 'pelagos-pod-'));
    this.secrets = neighbour?.secrets ?? join(this.#folder, 'secrets');
    await chmod(this.#folder, 0o755);
    await mkdir(this.secrets, { recursive: true });
    await mkdir(join(`/etc/netns/${this.name}`), { recursive: true });
    for (const [name, path] of Object.entries(programs)) this.#programs.set(name, path);
    const istiod = neighbour?.host ?? this.host;
    await writeFile(`/etc/netns/${this.name}/hosts`, `127.0.0.1 localhost\n${istiod} istiod.istio-system.svc\n`);
    await writeFile(`/etc/netns/${this.name}/resolv.conf`, 'nameserver 127.0.0.1\n');
    const outside = this.name.slice(0, 15);
    await run('ip', ['netns', 'add', this.name]);
    await run('ip', ['link', 'add', outside, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', this.name]);
    await run('ip', ['address', 'add', `${this.host}/31`, 'dev', outside]);
    await run('ip', ['link', 'set', outside, 'up']);
    await this.must(`ip link set lo up; ip address add ${this.address}/31 dev eth0; ip link set eth0 up`);
    await this.must(`ip route add default via ${this.host}`);
  }

  /** @throws Error with what it said where it fails. */
  async must(script: string, options: RunOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(['sh', '-c', script], options);
    if (code !== 0) throw new Error(`${script} ended with ${code}: ${stdout}${stderr}`);
    return stdout;
  }

  /** Runs a command in the pod to its end. */
  async run(command: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const child = this.start(command, options);
    const texts = { stdout: '', stderr: '' };
    child.stdout?.on('data', (data) => (texts.stdout += data));
    child.stderr?.on('data', (data) => (texts.stderr += data));
    const code = await new Promise<number>((resolve) => child.on('close', (status) => resolve(status ?? -1)));
    return { code, ...texts };
  }

  /** Starts a command in the pod; {@link remove} ends it. */
  start(command: readonly string[], { uid = 0, env = {} }: RunOptions = {}): ChildProcess {
    const user = uid === 0 ? [] : ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];
    const programs = [...this.#programs].map(
      ([name, path]) => `touch /run/${name} && mount --bind ${path} /run/${name}`,
    );
    const setup = [
      'mount -t tmpfs -o mode=755 tmpfs /run',
      'mkdir /run/secrets',
      `mount --bind ${this.secrets} /run/secrets`,
      ...programs,
    ];
    const script = `${setup.join(' && ')} && exec "$@"`;
    const argv = ['netns', 'exec', this.name, 'sh', '-c', script, 'pod', ...user, ...command];
    const child = spawn('ip', argv, { env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#children.add(child);
    child.on('close', () => this.#children.delete(child));
    return child;
  }

  /** Runs the pod's init container to its end. */
  async init(pod: Pod): Promise<void> {
    const { command, env } = containerOf(pod, INIT_CONTAINER) as unknown as {
      readonly command: readonly string[];
      readonly env: readonly { readonly name: string; readonly value: string }[];
    };
    const { code, stderr } = await this.run(command, { env: Object.fromEntries(env.map((e) => [e.name, e.value])) });
    if (code !== 0) throw new Error(`${INIT_CONTAINER} ended with ${code}: ${stderr}`);
  }

  /** Starts the pod's proxy as the kubelet would: variables in the arguments replaced, as its user. */
  startProxy(pod: Pod): ChildProcess {
    const { args } = containerOf(pod, PROXY_CONTAINER) as unknown as { readonly args: readonly string[] };
    return this.start(['/run/envoy', ...args.map((text) => expand(text, this.variables(pod)))], { uid: 1337 });
  }

  /** What the kubelet runs in the proxy's container when the pod is told to end. */
  async preStop(pod: Pod): Promise<void> {
    const command = containerOf(pod, PROXY_CONTAINER).lifecycle?.preStop?.['exec'] as { readonly command: string[] };
    const { code, stderr } = await this.run(command.command, { uid: 1337 });
    if (code !== 0) throw new Error(`preStop ended with ${code}: ${stderr}`);
  }

  variables(pod: Pod): Readonly<Record<string, string>> {
    return {
      POD_NAME: pod.metadata.name ?? 'pod',
      POD_NAMESPACE: 'default',
      INSTANCE_IP: this.address,
      SERVICE_ACCOUNT: 'default',
    };
  }

  /** Lets the proxy's user read what stands below secrets. */
  async giveSecrets(): Promise<void> {
    for (const entry of await readdir(this.secrets, { recursive: true })) {
      await chown(join(this.secrets, entry), 1337, 1337);
    }
  }

  async remove(): Promise<void> {
    const ends = [...this.#children].map((child) => new Promise((resolve) => child.on('close', resolve)));
    for (const child of this.#children) child.kill('SIGKILL');
    await Promise.all(ends);
    await run('ip', ['netns', 'delete', this.name]).catch(() => undefined);
    await rm(`/etc/netns/${this.name}`, { recursive: true, force: true });
    await rm(this.#folder, { recursive: true, force: true });
  }
}

export function containerOf(pod: Pod, name: string): Container {
  const container = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find((each) => each.name === name);
  if (!container) throw new Error(`the pod has no container ${name}`);
  return container;
}

/** What Kubernetes makes of an argument: `$(NAME)` where there is such a variable, `$$` is `$`, the rest stays. */
export function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (found, name: string | undefined) =>
    found === '$$' ? '$' : (variables[name ?? ''] ?? found),
  );
}
