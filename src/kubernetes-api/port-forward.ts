import { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { ApiError } from './api-error.ts';
import type { ApiServer } from './api-server.ts';
import { resourcePath } from './resource-path.ts';

/** The first byte of a message says the channel: per port one for data and one for what went wrong (kubelet, portforward). */
const DATA = 0;
const ERROR = 1;
/** Each channel begins with its port as 16 bits, little endian. */
const PORT_BYTES = 2;
const MAX_ERROR_BYTES = 16 * 1024;

export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  /** Of the pod's own loopback. */
  readonly port: number;
}

/**
 * A connection to a port of a pod's loopback, through its API server and kubelet, over a WebSocket of the subprotocol
 * `v4.channel.k8s.io`. One connection a socket: the protocol has no half-closed streams, so ending the writing side
 * tells the pod nothing, and the end of the reading side ends both.
 * @throws ApiError where the API server refuses; a port on which nobody listens shows as an error of the stream.
 */
export async function portForward(api: ApiServer, { namespace, pod, port }: PodPort): Promise<Duplex> {
  const path = resourcePath({ apiVersion: 'v1', resource: 'pods', namespace, name: pod, subresource: 'portforward' });
  const socket = await api.webSocket(path, { query: { ports: port }, protocols: ['v4.channel.k8s.io'] });
  return new PortForwardStream(socket, `port ${port} of pod ${namespace}/${pod}`);
}

class PortForwardStream extends Duplex {
  readonly #socket: WebSocket;
  readonly #name: string;
  /** Bytes of each channel's port number that are still to come. */
  readonly #prefix: Record<number, number> = { [DATA]: PORT_BYTES, [ERROR]: PORT_BYTES };
  #error = '';

  constructor(socket: WebSocket, name: string) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    this.#name = name;
    socket.on('message', (data) => this.#take(bytesOf(data)));
    socket.on('close', () => this.#closed());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.send(Buffer.concat([Buffer.of(DATA), chunk]), { binary: true }, done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.terminate();
    done(error);
  }

  #take(message: Buffer): void {
    const channel = message[0] ?? -1;
    const skipped = Math.min(this.#prefix[channel] ?? 0, message.length - 1);
    this.#prefix[channel] = (this.#prefix[channel] ?? 0) - skipped;
    const content = message.subarray(1 + Math.max(skipped, 0));
    if (content.length === 0) return;
    if (channel === DATA && !this.push(content)) this.#socket.pause();
    if (channel === ERROR && this.#error.length < MAX_ERROR_BYTES) this.#error += content.toString('utf8');
  }

  #closed(): void {
    if (this.#error === '') {
      this.push(null);
      return;
    }
    const message = `${this.#name} is not reached: ${this.#error}`;
    this.destroy(new ApiError(message, { status: 0, reason: 'PortForward' }));
  }
}

/** A message as bytes, however the library gives it. */
export function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
