/**
 * The applications of a pod, for tests: `node pod-app.ts <name> <key.pem> <certificate.pem>`.
 * 8086: HTTP/2 in the clear. 8080: HTTP, answers who it is and what it received. 3306: speaks first. 9443: TLS, answers who it is. 9000: echoes.
 */
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer as createTcpServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

const [, , name = '', keyFile = '', certificateFile = ''] = process.argv;

// 8085 is at one pod alone, so that others refuse connections.
for (const port of name === 'server' ? [8080, 8081, 8085] : [8080, 8081]) {
  createHttpServer((request, response) => {
    const { method, url, headers } = request;
    response.setHeader('x-pelagos-refused', 'by the application');
    response.end(JSON.stringify({ pod: name, port, method, url, headers, from: request.socket.remoteAddress }));
  }).listen(port);
}

createHttp2Server((request, response) => {
  response.end(JSON.stringify({ pod: name, version: request.httpVersion, headers: request.headers }));
}).listen(8086);

createTcpServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.end(`${name} speaks first\n`);
}).listen(3306);

createTcpServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => socket.end(`${name} echoes ${chunk.toString('utf8')}`));
}).listen(9000);

createTlsServer({ key: readFileSync(keyFile), cert: readFileSync(certificateFile) }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.once('data', () => {
    const body = `${name} over its own TLS`;
    socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`);
  });
}).listen(9443);
