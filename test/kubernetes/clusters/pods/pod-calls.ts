import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
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

  /** What comes over a connection until it ends, after a word where one is said. Plain text may wait 5 s for its first byte. */
  async bytes(caller: string, host: string, port: number, word = ''): Promise<string> {
    const script = `exec 3<>/dev/tcp/${host}/${port}; printf '${word}' >&3; timeout 10 cat <&3`;
    return (await this.exec(caller, 'bash', '-c', script)).stdout.trim();
  }
}

/** A call from this machine by a gateway. Never rejects. */
export function callGateway({ host, address, authority }: OutsideCall): Promise<HttpAnswer> {
  const { promise, resolve } = Promise.withResolvers<HttpAnswer>();
  const options = { host: address, headers: { host }, agent: false, timeout: 10_000 };
  const take = (response: IncomingMessage): void => {
    let body = '';
    response.setEncoding('utf8').on('data', (part: string) => {
      body += part;
    });
    response.on('end', () => resolve(answer(response.statusCode ?? 0, body.trimEnd())));
  };
  const request =
    authority === undefined
      ? httpRequest(options, take)
      : httpsRequest({ ...options, servername: host, ca: authority }, take);
  request.on('timeout', () => request.destroy());
  request.on('error', ({ message }) => resolve(answer(0, message)));
  request.end();
  return promise;
}

function read(text: string): HttpAnswer {
  const end = text.lastIndexOf('\n');
  return answer(Number(text.slice(end + 1)), text.slice(0, Math.max(0, end)).trimEnd());
}

function answer(status: number, body: string): HttpAnswer {
  return { status, body, app: body.startsWith('{') ? (JSON.parse(body) as AppAnswer) : undefined };
}
