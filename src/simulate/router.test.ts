import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HTTPFaultSchema } from '../envoy/gen/envoy/extensions/filters/http/fault/v3/fault_pb.ts';
import { typed } from './testing/sample-resources.ts';
import { call, type Route, TO_SERVICE } from './testing/sample-world.ts';

test('weights and faults split the calls; the shares stay exact', () => {
  const action = {
    case: 'route' as const,
    value: {
      clusterSpecifier: {
        case: 'weightedClusters' as const,
        value: {
          clusters: [
            { name: 'service', weight: 3 },
            { name: 'missing', weight: 1 },
          ],
        },
      },
    },
  };
  const abort = { errorType: { case: 'httpStatus' as const, value: 555 }, percentage: { numerator: 20 } };
  const fault = typed('fault', HTTPFaultSchema, { abort }).configType.value;
  const found = call({}, [{ ...TO_SERVICE, action, typedPerFilterConfig: { 'envoy.filters.http.fault': fault } }]);
  const byStatus = new Map<number | undefined, number>();
  for (const { probability, outcome } of found.paths) {
    byStatus.set(outcome.status, (byStatus.get(outcome.status) ?? 0) + probability);
  }
  assert.deepEqual([...byStatus].map(([status, share]) => [status, Number(share.toFixed(6))]).sort(), [
    [200, 0.6],
    [503, 0.2],
    [555, 0.2],
  ]);
});

test('rewrites, redirects and direct responses', () => {
  const match = { pathSpecifier: { case: 'prefix' as const, value: '/old' } };
  const rewrite: Route = {
    match,
    action: {
      case: 'route',
      value: {
        clusterSpecifier: { case: 'cluster', value: 'service' },
        prefixRewrite: '/new',
        hostRewriteSpecifier: { case: 'hostRewriteLiteral', value: 'other' },
      },
    },
  };
  const [rewritten] = call({ path: '/old/x?y=1' }, [rewrite]).paths;
  assert.deepEqual([rewritten?.outcome.request?.path, rewritten?.outcome.request?.authority], ['/new/x?y=1', 'other']);
  const redirect: Route = {
    match,
    action: {
      case: 'redirect',
      value: {
        schemeRewriteSpecifier: { case: 'httpsRedirect', value: true },
        pathRewriteSpecifier: { case: 'prefixRewrite', value: '/' },
      },
    },
  };
  const [redirected] = call({ path: '/old?y=1' }, [redirect]).paths;
  assert.deepEqual(
    [redirected?.outcome.status, redirected?.outcome.headers['location']],
    [301, 'https://service.cluster2/?y=1'],
  );
});
