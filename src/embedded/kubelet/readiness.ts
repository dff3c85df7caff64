import { request } from 'node:http';
import { connect } from 'node:net';
import type { Probe } from '../../config/index.ts';
import type { SocketAddress } from '../../model/index.ts';
import type { AppPort } from './app-plan.ts';

/** One question to an application: are you ready? */
export interface ReadinessCheck {
  readonly kind: 'http' | 'tcp';
  readonly target: SocketAddress;
  readonly path: string;
  readonly timeoutMs: number;
  /** Between two questions once it is ready. 0: it is not asked again. */
  readonly periodMs: number;
  readonly failureThreshold: number;
}

/** Kubernetes' defaults. */
const DEFAULTS = { periodSeconds: 10, timeoutSeconds: 1, failureThreshold: 3 };

/**
 * How a container's readiness is found out: by its readinessProbe (httpGet, tcpSocket), else by a connection to its first
 * port, once. `initialDelaySeconds` is not waited for: asking early does no harm here.
 * @returns undefined where there is nothing to ask.
 */
export function readinessCheckOf(probe: Probe | undefined, ports: readonly AppPort[]): ReadinessCheck | undefined {
  const timeoutMs = (probe?.timeoutSeconds ?? DEFAULTS.timeoutSeconds) * 1000;
  const periodMs = (probe?.periodSeconds ?? DEFAULTS.periodSeconds) * 1000;
  const failureThreshold = probe?.failureThreshold ?? DEFAULTS.failureThreshold;
  const asked = probe?.httpGet ?? probe?.tcpSocket;
  const port = asked && ports.find(({ target, name }) => target === asked.port || (name !== '' && name === asked.port));
  if (probe && port) {
    const path = probe.httpGet?.path ?? '/';
    // What speaks TLS itself is only connected to: its certificate is none of our business.
    const kind = probe.httpGet && probe.httpGet.scheme?.toUpperCase() !== 'HTTPS' ? 'http' : 'tcp';
    return {
      kind,
      target: port.listen,
      path: path.startsWith('/') ? path : `/${path}`,
      timeoutMs,
      periodMs,
      failureThreshold,
    };
  }
  const [first] = ports;
  return first && { kind: 'tcp', target: first.listen, path: '/', timeoutMs: 1000, periodMs: 0, failureThreshold };
}

/** Asks once. Never rejects. */
export async function isReadyNow(check: ReadinessCheck): Promise<boolean> {
  return check.kind === 'http' ? await answersHttp(check) : await accepts(check.target, check.timeoutMs);
}

function answersHttp({ target, path, timeoutMs }: ReadinessCheck): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request(
      { host: target.address, port: target.port, path, timeout: timeoutMs, agent: false },
      (response) => {
        const status = response.statusCode ?? 0;
        response.resume();
        call.destroy();
        resolve(status >= 200 && status < 400);
      },
    );
    call.on('timeout', () => call.destroy(new Error('no answer in time')));
    call.on('error', () => resolve(false));
    call.on('close', () => resolve(false));
    call.end();
  });
}

function accepts({ address, port }: SocketAddress, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: timeoutMs });
    const done = (isUp: boolean): void => {
      socket.destroy();
      resolve(isUp);
    };
    socket.once('connect', () => done(true));
    socket.once('timeout', () => done(false));
    socket.once('error', () => done(false));
  });
}
