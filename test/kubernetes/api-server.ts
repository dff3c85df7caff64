/** A real etcd and a real kube-apiserver as two processes: no nodes, no controllers. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ApiServer, createApiServer } from '../../src/kubernetes-api/index.ts';
import { findBinaries } from './binaries.ts';
import { type Daemon, endWithUs, freePort, startDaemon } from './daemon.ts';

export { withoutKubernetes } from './binaries.ts';

export interface TestApiServerOptions {
  /** Name of the context in the kubeconfig; `cluster1` unless given. */
  readonly name?: string;
  /** Users beside the administrator, for RBAC; each gets a token. Service accounts get theirs from the API (`token`). */
  readonly users?: readonly { readonly name: string; readonly groups?: readonly string[] }[];
  /** More flags of kube-apiserver. */
  readonly flags?: readonly string[];
}

export interface TestApiServer {
  /** `https://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  /** What the server's certificate is to be checked with, in PEM. */
  readonly ca: string;
  /** As the administrator (group system:masters). Closed by {@link stop}. */
  readonly admin: ApiServer;
  readonly adminToken: string;
  /** A file with one context, the administrator's; everything is in it. */
  readonly kubeconfigFile: string;
  /** A kubeconfig of one context for any token, at another address where one is given: a remote secret holds this. */
  kubeconfig(token: string, url?: string): string;
  /** As one of the users that the options named. @throws Error where it is none. */
  tokenOf(user: string): string;
  /** A client for a token; to be closed by the caller. */
  connect(token: string, url?: string): ApiServer;
  /** Stops the API server in its tracks (SIGSTOP): connections stay open, nothing answers. */
  suspend(): void;
  resume(): void;
  /** Ends the API server at once, as a crash does. etcd stays. */
  crash(): Promise<void>;
  /** Starts it again after {@link crash}, on the same port with the same data. */
  restart(): Promise<void>;
  /** Ends both and removes their data. */
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 60_000;
const ATTEMPTS = 3;

/** @throws Error with the end of the log where a server does not come up, or where there are no binaries. */
export async function startApiServer(options: TestApiServerOptions = {}): Promise<TestApiServer> {
  const binaries = findBinaries();
  if (binaries.kind === 'missing') throw new Error(binaries.reason);
  for (let attempt = 1; ; attempt++) {
    const server = new LocalApiServer(options, binaries);
    try {
      await server.start();
      return server;
    } catch (error) {
      await server.stop();
      // Somebody else may have taken a port between our asking for it and the server's listening on it.
      if (attempt === ATTEMPTS || !String(error).includes('address already in use')) throw error;
    }
  }
}

class LocalApiServer implements TestApiServer {
  port = 0;
  ca = '';
  readonly adminToken: string = randomBytes(16).toString('hex');
  readonly #options: TestApiServerOptions;
  readonly #binaries: { readonly etcd: string; readonly apiServer: string };
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'pelagos-api-server-'));
  readonly #tokens = new Map<string, string>();
  #etcdPort = 0;
  #etcd: Daemon | undefined;
  #apiServer: Daemon | undefined;
  #admin: ApiServer | undefined;
  #callOff: () => void = () => {};

  constructor(options: TestApiServerOptions, binaries: { readonly etcd: string; readonly apiServer: string }) {
    this.#options = options;
    this.#binaries = binaries;
  }

  get url(): string {
    return `https://127.0.0.1:${this.port}`;
  }

  get admin(): ApiServer {
    if (!this.#admin) throw new Error('the API server is not started');
    return this.#admin;
  }

  get kubeconfigFile(): string {
    return join(this.#folder, 'kubeconfig');
  }

  async start(): Promise<void> {
    this.#writeFiles();
    this.#etcdPort = await freePort();
    this.port = await freePort();
    const client = `http://127.0.0.1:${this.#etcdPort}`;
    const peer = `http://127.0.0.1:${await freePort()}`;
    this.#etcd = startDaemon(
      this.#binaries.etcd,
      [
        `--data-dir=${join(this.#folder, 'etcd')}`,
        '--unsafe-no-fsync',
        '--log-level=warn',
        `--listen-client-urls=${client}`,
        `--advertise-client-urls=${client}`,
        `--listen-peer-urls=${peer}`,
        `--initial-advertise-peer-urls=${peer}`,
        `--initial-cluster=default=${peer}`,
      ],
      join(this.#folder, 'etcd.log'),
    );
    await this.restart();
    this.#admin = this.connect(this.adminToken);
    writeFileSync(this.kubeconfigFile, this.kubeconfig(this.adminToken), { mode: 0o600 });
  }

  async restart(): Promise<void> {
    this.#callOff();
    this.#apiServer = startDaemon(this.#binaries.apiServer, this.#flags(), join(this.#folder, 'kube-apiserver.log'));
    this.#callOff = endWithUs([this.#etcd?.pid ?? 0, this.#apiServer.pid], this.#folder);
    await this.#ready();
  }

  async crash(): Promise<void> {
    await this.#apiServer?.kill();
  }

  suspend(): void {
    this.#apiServer?.signal('SIGSTOP');
  }

  resume(): void {
    this.#apiServer?.signal('SIGCONT');
  }

  tokenOf(user: string): string {
    const token = this.#tokens.get(user);
    if (!token) throw new Error(`no user ${user} was named when the API server was started`);
    return token;
  }

  connect(token: string, url: string = this.url): ApiServer {
    return createApiServer({ url, tls: { ca: this.ca }, token: async () => token });
  }

  kubeconfig(token: string, url: string = this.url): string {
    const name = this.#options.name ?? 'cluster1';
    const ca = Buffer.from(this.ca).toString('base64');
    return `apiVersion: v1
kind: Config
current-context: ${name}
clusters:
- {name: ${name}, cluster: {server: "${url}", certificate-authority-data: ${ca}}}
users:
- {name: ${name}, user: {token: ${token}}}
contexts:
- {name: ${name}, context: {cluster: ${name}, user: ${name}}}
`;
  }

  async stop(): Promise<void> {
    this.#admin?.close();
    this.#callOff();
    await Promise.all([this.#apiServer?.kill(), this.#etcd?.kill()]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #writeFiles(): void {
    const { publicKey, privateKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'sec1', format: 'pem' },
    });
    mkdirSync(join(this.#folder, 'certificates'));
    writeFileSync(join(this.#folder, 'sa.pub'), publicKey);
    writeFileSync(join(this.#folder, 'sa.key'), privateKey, { mode: 0o600 });
    const lines = (this.#options.users ?? []).map(({ name, groups = [] }) => {
      const token = randomBytes(16).toString('hex');
      this.#tokens.set(name, token);
      return `${token},${name},${name},"${groups.join(',')}"`;
    });
    const tokens = [`${this.adminToken},admin,admin,"system:masters"`, ...lines].join('\n');
    writeFileSync(join(this.#folder, 'tokens.csv'), `${tokens}\n`, { mode: 0o600 });
  }

  #flags(): readonly string[] {
    return [
      `--etcd-servers=http://127.0.0.1:${this.#etcdPort}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      // It would refuse to publish a loopback address.
      '--endpoint-reconciler-type=none',
      `--secure-port=${this.port}`,
      // It makes its own certificate there.
      `--cert-dir=${join(this.#folder, 'certificates')}`,
      '--service-cluster-ip-range=10.96.0.0/16',
      '--authorization-mode=RBAC',
      `--token-auth-file=${join(this.#folder, 'tokens.csv')}`,
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-key-file=${join(this.#folder, 'sa.pub')}`,
      `--service-account-signing-key-file=${join(this.#folder, 'sa.key')}`,
      '--allow-privileged=true',
      '--profiling=false',
      // No controller makes a service account `default`, without which this one refuses pods.
      '--disable-admission-plugins=ServiceAccount',
      ...(this.#options.flags ?? []),
    ];
  }

  /** Until it says that it is ready, which it does when its own objects (roles, namespaces) are written. */
  async #ready(): Promise<void> {
    const deadlineMs = Date.now() + READY_TIMEOUT_MS;
    let last = 'it was not asked';
    while (Date.now() < deadlineMs) {
      for (const daemon of [this.#etcd, this.#apiServer]) {
        if (daemon?.ended() !== undefined) throw new Error(`${daemon.ended()}:\n${daemon.said()}`);
      }
      try {
        // The leaf first, then the authority that signed it.
        this.ca = readFileSync(join(this.#folder, 'certificates', 'apiserver.crt'), 'utf8');
        const api = this.connect(this.adminToken);
        last = await api.text('/readyz', { timeoutMs: 2_000 }).finally(() => api.close());
        if (last === 'ok') return;
      } catch (error) {
        last = error instanceof Error ? error.message : String(error);
      }
      await delay(50);
    }
    throw new Error(`not ready after ${READY_TIMEOUT_MS} ms: ${last}\n${this.#apiServer?.said()}`);
  }
}
