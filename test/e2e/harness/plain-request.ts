import { connect } from 'node:net';

/** What a program outside the mesh sees that speaks HTTP without TLS to a socket. */
export interface PlainAnswer {
  readonly isConnected: boolean;
  /** Everything that came back until the other side closed. */
  readonly text: string;
}

const REQUEST = 'GET / HTTP/1.1\r\nhost: service\r\nconnection: close\r\n\r\n';
const DEADLINE_MS = 20_000;

/** Sends a request in plaintext. @throws Error where the other side neither answers nor closes. */
export function plainRequest(address: string, port: number): Promise<PlainAnswer> {
  return new Promise((resolve, reject) => {
    let isConnected = false;
    let text = '';
    const socket = connect(port, address, () => {
      isConnected = true;
      socket.write(REQUEST);
    });
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`${address}:${port} neither answered nor closed the connection`));
    }, DEADLINE_MS);
    socket.setEncoding('latin1').on('data', (part: string) => {
      text += part;
    });
    // A reset is a way to close: what counts is what came before it.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve({ isConnected, text });
    });
  });
}
