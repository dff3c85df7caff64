/** A server that hangs up on every other connection without an answer: what may be sent again is, and nothing else. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useFleet } from './harness/test-fleet.ts';

const PROGRAM = `let n = 0; require('http').createServer((q, s) => ++n % 2 ? q.socket.destroy() : s.writeHead(200, { connection: 'close' }).end('after ' + n + ' ' + (q.headers['x-envoy-retry-on'] || ''))).listen(process.env.PORT, process.env.HOST)`;

/** Without a proxy of its own: the connection that breaks is the caller's. */
const SERVER = `apiVersion: v1
kind: Service
metadata: {name: NAME}
spec:
  selector: {app: NAME}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: Pod
metadata:
  name: NAME
  labels: {app: NAME, sidecar.istio.io/inject: 'false'}
  annotations:
    pelagos.dev/command: >-
      exec NODE -e "PROGRAM"
spec: {containers: [{name: app, image: x, ports: [{containerPort: 8080}]}]}
`;
const OWN_RETRIES = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: own}
spec:
  hosts: [own]
  http: [{retries: {attempts: 2, retryOn: connect-failure}, route: [{destination: {host: own}}]}]
`;

function server(name: string): string {
  return SERVER.replaceAll('NAME', name).replace('NODE', process.execPath).replace('PROGRAM', PROGRAM);
}

describe('a connection that breaks before an answer', () => {
  const fleet = useFleet({ example: 'two-clusters' });

  test('costs no request of a safe method, and no other one is sent twice', async () => {
    await fleet.apply('cluster1', [server('flaky'), server('own'), OWN_RETRIES].join('---\n'));
    await fleet.ready();
    const call = async (method: string, host: string): Promise<string> => {
      const { status, text } = await fleet.callOnce({ cluster: 'cluster1' }, `http://${host}`, method);
      return status === 200 ? (text ?? '').trim() : String(status);
    };
    assert.equal(await call('GET', 'flaky'), 'after 2');
    assert.equal(await call('POST', 'flaky'), '503');
    assert.equal(await call('POST', 'flaky'), 'after 4');
    assert.equal(await call('OPTIONS', 'flaky'), 'after 6');
    assert.equal(await call('GET', 'own'), '503', 'a VirtualService that says what is retried means that alone');
  });
});
