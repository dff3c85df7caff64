import type { CommandResult } from '../../harness/command.ts';
import type { Lab } from '../../harness/lab.ts';

/** What the application of a pod says of itself and of the call. */
export interface AppAnswer {
  readonly pod: string;
  readonly port: number;
  readonly method: string;
  /** The identity that its sidecar has verified; empty for a call in plain text. */
  readonly caller: string;
  readonly from: string;
}

export interface HttpAnswer {
  /** 0 where there was no answer. */
  readonly status: number;
  readonly body: string;
  /** Where the application answered. */
  readonly app: AppAnswer | undefined;
}

export interface OutsideCall {
  readonly host: string;
  /** Of the gateway. */
  readonly address: string;
  /** In PEM: then it is TLS, at port 443. */
  readonly authority?: string;
}

/** Calls from the pods of a cluster. A caller is `namespace/workload`, such as `shop/deployment/client`. */
export class PodCalls {
  readonly #lab: Lab;
  readonly #cluster: string;

  constructor(lab: Lab, cluster: string) {
    this.#lab = lab;
    this.#cluster = cluster;
  }

  /** Runs a command in the application's container. */
  exec(caller: string, ...command: readonly string[]): Promise<CommandResult> {
    const [namespace = '', ...workload] = caller.split('/');
    const where = ['--context', this.#cluster, 'exec', '-n', namespace, workload.join('/'), '-c', 'app', '--'];
    return this.#lab.run('kubectl', [...where, ...command]);
  }

  async http(caller: string, url: string, ...args: readonly string[]): Promise<HttpAnswer> {
    const command = ['curl', '-sS', '-m', '10', '-w', '\\n%{http_code}', ...args, url];
    return read((await this.exec(caller, ...command)).stdout);
  }

  /** What comes over a connection until it ends, after a word where one is said. */
  async bytes(caller: string, host: string, port: number): Promise<string> {
    const { stdout } = await this.exec(caller, 'bash', '-c', `timeout 8 cat </dev/tcp/${host}/${port}`);
    return stdout.trim();
  }

  /** From this machine by a gateway. */
  async outside({ host, address, authority }: OutsideCall): Promise<HttpAnswer> {
    const secure = authority === undefined ? [] : ['--cacert', '/dev/stdin'];
    const url = `${authority === undefined ? 'http' : 'https'}://${host}/`;
    const resolve = ['80', '443'].flatMap((port) => ['--resolve', `${host}:${port}:${address}`]);
    const args = ['-sS', '-m', '10', '-w', '\\n%{http_code}', ...resolve, ...secure, url];
    return read((await this.#lab.run('curl', args, { input: authority ?? '' })).stdout);
  }
}

function read(text: string): HttpAnswer {
  const end = text.lastIndexOf('\n');
  const body = text.slice(0, Math.max(0, end)).trimEnd();
  const app = body.startsWith('{') ? (JSON.parse(body) as AppAnswer) : undefined;
  return { status: Number(text.slice(end + 1)), body, app };
}
