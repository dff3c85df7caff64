import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Container } from '../../config/index.ts';
import type { ShapedPort } from '../controllers/pod-shape.ts';
import type { PodView } from '../controllers/pod-view.ts';
import type { PodSockets } from '../network/pod-network.ts';
import { planContainers } from './app-plan.ts';

function plan(containers: readonly Container[], ports: readonly number[], annotations: Record<string, string> = {}) {
  const shaped = ports.map((port): ShapedPort => ({ port, target: port, name: '', protocol: 'http' }));
  const pod: Partial<PodView> = { spec: { containers }, annotations, ports: shaped };
  const app = new Map(ports.map((port) => [port, { address: '127.0.0.1', port: port + 1 }]));
  const sockets: Partial<PodSockets> = { app };
  const images = [
    { image: 'shop/web', argv: ['./web'] },
    { image: 'shop/web:v2', argv: ['./web2'] },
  ];
  const plans = planContainers(pod as PodView, sockets as PodSockets, images);
  return plans.map(({ logName, program, ports: own }) => [
    logName,
    program.kind === 'command' ? program.argv.join(' ') : program.kind,
    ...own.map(({ target }) => target),
  ]);
}

const port = (containerPort: number) => ({ containerPort, protocol: 'TCP' as const });

test('a mapped image runs its command, by tag before name; any other answers as the echo server', () => {
  const web = { name: 'web', ports: [port(80)] };
  assert.deepEqual(plan([{ ...web, image: 'shop/web:v1' }], [80]), [['app', './web', 80]]);
  assert.deepEqual(plan([{ ...web, image: 'shop/web:v2' }], [80]), [['app', './web2', 80]]);
  assert.deepEqual(plan([{ ...web, image: 'shop/web@sha256:00' }], [80]), [['app', './web', 80]]);
  assert.deepEqual(plan([{ ...web, image: 'other' }], [80]), [['app', 'echo', 80]]);
});

test('the annotation names a command for the first container', () => {
  const containers = [{ name: 'web', ports: [port(80)] }, { name: 'side' }];
  assert.deepEqual(plan(containers, [80], { 'pelagos.dev/command': './run' }), [
    ['app', '/bin/sh -c ./run', 80],
    ['side', 'none'],
  ]);
});

test('each container has its own ports; those that only a Service names are the first one’s', () => {
  const containers = [
    { name: 'web', ports: [port(80)] },
    { name: 'admin', ports: [port(90)] },
  ];
  assert.deepEqual(plan(containers, [80, 90, 100]), [
    ['app', 'echo', 80, 100],
    ['admin', 'echo', 90],
  ]);
});

test('a container without ports and command has nothing to run', () => {
  assert.deepEqual(plan([{ name: 'sleep', image: 'curl' }], []), [['app', 'none']]);
});
