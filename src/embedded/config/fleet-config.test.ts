import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseFleetConfig, readFleetConfig } from './read-fleet-config.ts';

let dir = '';
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pelagos-fleet-config-'));
});
after(async () => {
  await rm(dir, { recursive: true });
});

const HEAD = 'apiVersion: pelagos.dev/v1alpha1\nkind: Fleet\nmetadata:\n  name: test\n';

function codesOf(spec: string): string[] {
  const { diagnostics } = parseFleetConfig(`${HEAD}${spec}`, { dir: '/fleet', file: 'fleet.yaml' });
  return diagnostics.map(({ code, at }) => `${code} ${at?.line}:${at?.column}`);
}

test('a whole fleet file is read with defaults filled in', () => {
  const { config, diagnostics } = parseFleetConfig(
    `${HEAD}spec:
  clusters:
  - {name: us-east, region: us-east, zone: us-east-1a}
  - {name: us-west, folder: west, network: net, primary: us-east}
  images: {"web:v1": node web.js, db: [./db, -x]}
  outside:
  - host: api.example.com
  - {host: db.example.com, command: ./db, ports: {5432: tcp}}
  meshConfig: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}, accessLogFile: /dev/stdout}
`,
    { dir: '/fleet', file: 'fleet.yaml' },
  );
  assert.deepEqual(diagnostics, []);
  assert.deepEqual(config?.clusters, [
    {
      name: 'us-east',
      region: 'us-east',
      zone: 'us-east-1a',
      network: 'us-east',
      folder: '/fleet/us-east',
      primary: 'us-east',
    },
    { name: 'us-west', region: '', zone: '', network: 'net', folder: '/fleet/west', primary: 'us-east' },
  ]);
  assert.deepEqual(config?.images, [
    { image: 'web:v1', argv: ['/bin/sh', '-c', 'node web.js'] },
    { image: 'db', argv: ['./db', '-x'] },
  ]);
  assert.deepEqual(config?.outside, [
    { host: 'api.example.com', ports: [{ port: 80, protocol: 'http' }] },
    { host: 'db.example.com', argv: ['/bin/sh', '-c', './db'], ports: [{ port: 5432, protocol: 'tcp' }] },
  ]);
  assert.equal(config?.meshConfig.outboundTrafficPolicy, 'REGISTRY_ONLY');
});

test('mistakes are found at their line and column', () => {
  assert.deepEqual(codesOf('spec:\n  clusters:\n  - name: Cluster_2\n'), ['PEL6003 7:5']);
  assert.deepEqual(codesOf('spec:\n  clusters:\n  - name: a\n  - name: a\n'), ['PEL6004 8:5']);
  assert.deepEqual(codesOf('spec:\n  clusters:\n  - name: a\n    primary: b\n'), ['PEL6002 8:5']);
  assert.deepEqual(codesOf('spec:\n  clusters:\n  - name: a\n    regoin: b\n'), ['PEL6007 8:5']);
  assert.deepEqual(codesOf('spec:\n  clusters: 3\n'), ['PEL6007 6:3']);
  assert.deepEqual(codesOf('spec: {}\n'), ['PEL6001 5:1']);
});

test('a primary must have a control plane of its own', () => {
  const codes = codesOf('spec:\n  clusters:\n  - name: a\n    primary: b\n  - name: b\n    primary: c\n  - name: c\n');
  assert.deepEqual(codes, ['PEL6007 8:5']);
});

test('the file must be one Fleet', () => {
  const { diagnostics } = parseFleetConfig('apiVersion: v1\nkind: Service\nmetadata: {name: x}\n', {
    dir: '/',
    file: 'f',
  });
  assert.deepEqual(
    diagnostics.map(({ message }) => message),
    ['kind: Fleet is expected, not Service', 'apiVersion: pelagos.dev/v1alpha1 is expected'],
  );
});

test('without a file, every sub-folder is a cluster', async () => {
  await mkdir(join(dir, 'folders', 'cluster2'), { recursive: true });
  await mkdir(join(dir, 'folders', 'cluster1'));
  await mkdir(join(dir, 'folders', '.git'));
  await writeFile(join(dir, 'folders', 'cluster1', 'a.yaml'), '');
  const { config, diagnostics } = await readFleetConfig(join(dir, 'folders'));
  assert.deepEqual(
    config?.clusters.map(({ name, network }) => [name, network]),
    [
      ['cluster1', 'cluster1'],
      ['cluster2', 'cluster2'],
    ],
  );
  assert.deepEqual(
    diagnostics.map(({ code }) => code),
    ['PEL6005'],
  );
});

test('a folder that is missing, and a folder with nothing in it, are told', async () => {
  await mkdir(join(dir, 'missing'));
  await writeFile(join(dir, 'missing', 'fleet.yaml'), `${HEAD}spec:\n  clusters:\n  - name: a\n`);
  const missing = await readFleetConfig(join(dir, 'missing'));
  assert.equal(missing.config, undefined);
  assert.deepEqual(
    missing.diagnostics.map(({ code }) => code),
    ['PEL6006'],
  );
  await mkdir(join(dir, 'empty'));
  assert.deepEqual(
    (await readFleetConfig(join(dir, 'empty'))).diagnostics.map(({ code }) => code),
    ['PEL6001'],
  );
});
