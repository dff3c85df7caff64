import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseObject } from '../config/index.ts';
import { type ClusterId, DEFAULT_MESH_CONFIG, type Hostname, type RawObject } from '../model/index.ts';
import { Mesh } from './mesh.ts';

const CLUSTER = 'cluster1' as ClusterId;

function service(name: string, port: number): RawObject {
  const metadata = { name, namespace: 'default' };
  return {
    ref: { cluster: CLUSTER, kind: 'Service', ...metadata },
    apiVersion: 'v1',
    meta: { ...metadata, labels: {}, annotations: {}, createdAtMs: 0 },
    body: { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ name: 'http', port }] } },
    origin: { kind: 'generated', by: 'test' },
  };
}

test('an object that is deleted and made again in one batch is there', () => {
  const mesh = new Mesh({ home: CLUSTER, config: DEFAULT_MESH_CONFIG });
  const put = (port: number, deleted: readonly RawObject['ref'][]): void => {
    const { object } = parseObject(service('shop', port));
    mesh.apply({ set: object ? [object] : [], deleted });
  };
  const ports = (): readonly number[] | undefined =>
    mesh.hosts.resolve('default', 'shop' as Hostname)?.ports.map(({ number }) => number);
  put(80, []);
  assert.deepEqual(ports(), [80]);
  put(81, [service('shop', 80).ref]);
  assert.deepEqual(ports(), [81]);
});
