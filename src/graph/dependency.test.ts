import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Graph, type Query, tableKeysOf } from './index.ts';

function sample() {
  const graph = new Graph();
  const routes = graph.table<string>('routes');
  const pods = graph.table<string>('pods');
  const byApp = pods.index('app', (app) => [app]);
  pods.set('p2', 'web');
  pods.set('p1', 'web');
  routes.set('r', 'web');
  const members = graph.query('members', (app) => byApp.get(app).length);
  return { graph, routes, pods, byApp, members };
}

test('a trace names all that was read, in order, down to the tables', () => {
  const { graph, routes, pods, byApp, members } = sample();
  const route = graph.query('route', (key) => [routes.get(key), members.get('web'), pods.has('p3'), byApp.keys()]);
  const all = graph.query('all', () => [route.get('r'), pods.keys()]);
  const trace = graph.trace(all, 'x');
  assert.deepEqual(trace, [
    {
      kind: 'query',
      query: 'route',
      key: 'r',
      dependencies: [
        { kind: 'table', table: 'routes', key: 'r' },
        {
          kind: 'query',
          query: 'members',
          key: 'web',
          dependencies: [{ kind: 'index', table: 'pods', index: 'app', key: 'web', members: ['p1', 'p2'] }],
        },
        { kind: 'table', table: 'pods', key: 'p3' },
        { kind: 'index-keys', table: 'pods', index: 'app' },
      ],
    },
    { kind: 'table-keys', table: 'pods' },
  ]);
  assert.deepEqual(tableKeysOf(trace), [
    { table: 'pods', key: 'p1' },
    { table: 'pods', key: 'p2' },
    { table: 'pods', key: 'p3' },
    { table: 'routes', key: 'r' },
  ]);
});

test('a value read by two others is described once, so that a trace stays as small as the graph', () => {
  const { graph, members } = sample();
  const ladder: Query<number> = graph.query('ladder', (key) => {
    const depth = Number(key);
    return depth === 0 ? members.get('web') : ladder.get(`${depth - 1}`) + other.get(`${depth - 1}`);
  });
  const other: Query<number> = graph.query('other', (key) => ladder.get(key));
  assert.equal(tableKeysOf(graph.trace(ladder, '60')).length, 2);
});

test('a value that fails tells what it read until then, and a cycle ends', () => {
  const { graph, routes } = sample();
  const failing = graph.query('failing', (key) => {
    throw new Error(routes.get(key));
  });
  assert.deepEqual(graph.trace(failing, 'r'), [{ kind: 'table', table: 'routes', key: 'r' }]);
  const self: Query<string> = graph.query('self', (key) => self.get(key) + routes.get('r'));
  const [dependency] = graph.trace(self, 'x');
  assert(dependency?.kind === 'query' && dependency.key === 'x');
  assert.equal(dependency.dependencies[0], dependency);
});

test('a trace of the same value follows the changes', () => {
  const { graph, pods, members } = sample();
  pods.set('p3', 'web');
  assert.deepEqual(
    tableKeysOf(graph.trace(members, 'web')).map(({ key }) => key),
    ['p1', 'p2', 'p3'],
  );
});
