import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigObjectOf, Container } from '../../config/index.ts';
import type { PodView } from '../controllers/pod-view.ts';
import { baseEnvironment, portEnvironment } from './container-environment.ts';
import { environmentOf } from './environment.ts';

const POD: Partial<PodView> = {
  name: 'web-0',
  namespace: 'shop',
  uid: 'uid-0',
  labels: { app: 'web' },
  annotations: {},
  spec: { containers: [], nodeName: 'c1-node' },
};

function resolve(fields: Readonly<Record<string, unknown>>) {
  const configMap = { spec: { data: { COLOR: 'red' } } } as unknown as ConfigObjectOf<'ConfigMap'>;
  const secret = {
    spec: { data: { key: Buffer.from('s3cret').toString('base64') } },
  } as unknown as ConfigObjectOf<'Secret'>;
  return environmentOf({ name: 'web', ...fields } as unknown as Container, {
    pod: POD as PodView,
    address: '127.1.1.1',
    configMap: (name) => (name === 'settings' ? configMap : undefined),
    secret: (name) => (name === 'passwords' ? secret : undefined),
  });
}

test('values, the downward API, ConfigMaps and Secrets', () => {
  const ref = (kind: string, name: string, key: string) => ({ valueFrom: { [kind]: { name, key } } });
  const field = (fieldPath: string) => ({ valueFrom: { fieldRef: { fieldPath } } });
  const found = resolve({
    envFrom: [{ prefix: 'P_', configMapRef: { name: 'settings' } }],
    env: [
      { name: 'A', value: 'one' },
      { name: 'B', value: '$(A) and $$(A) and $(NOBODY)' },
      { name: 'NAME', ...field('metadata.name') },
      { name: 'APP', ...field("metadata.labels['app']") },
      { name: 'IP', ...field('status.podIP') },
      { name: 'COLOR', ...ref('configMapKeyRef', 'settings', 'COLOR') },
      { name: 'KEY', ...ref('secretKeyRef', 'passwords', 'key') },
      { name: 'MAYBE', valueFrom: { secretKeyRef: { name: 'none', key: 'x', optional: true } } },
    ],
  });
  assert.deepEqual(found, {
    kind: 'resolved',
    env: {
      P_COLOR: 'red',
      A: 'one',
      B: 'one and $(A) and $(NOBODY)',
      NAME: 'web-0',
      APP: 'web',
      IP: '127.1.1.1',
      COLOR: 'red',
      KEY: 's3cret',
    },
  });
});

test('what is missing is named', () => {
  const problemOf = (fields: Readonly<Record<string, unknown>>): string => {
    const found = resolve(fields);
    return found.kind === 'missing' ? found.problem : '';
  };
  const variable = (kind: string, name: string, key: string) => ({
    env: [{ name: 'X', valueFrom: { [kind]: { name, key } } }],
  });
  assert.equal(problemOf(variable('configMapKeyRef', 'none', 'x')), 'there is no ConfigMap none');
  assert.equal(problemOf(variable('secretKeyRef', 'passwords', 'x')), 'Secret passwords has no key x');
  assert.equal(problemOf({ envFrom: [{ secretRef: { name: 'none' } }] }), 'there is no Secret none');
});

test('programs get their proxy and ports, and nothing secret of the environment that the fleet was started in', () => {
  const env = baseEnvironment(
    { PATH: '/bin', AWS_SECRET_ACCESS_KEY: 'x' },
    { httpProxy: { address: '127.1.1.1', port: 15001 } },
  );
  assert.equal(env['http_proxy'], 'http://127.1.1.1:15001');
  assert.equal(env['PATH'], '/bin');
  assert.equal(env['AWS_SECRET_ACCESS_KEY'], undefined);
  const listen = { address: '127.0.0.1', port: 20123 };
  const ports = portEnvironment([{ port: 8080, target: 8080, name: 'http-web', protocol: 'http', listen }]);
  assert.deepEqual(ports, {
    HOST: '127.0.0.1',
    PORT: '20123',
    PELAGOS_PORT_8080: '20123',
    PELAGOS_PORT_HTTP_WEB: '20123',
  });
});
