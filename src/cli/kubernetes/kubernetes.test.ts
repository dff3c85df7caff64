import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../kubernetes-api/index.ts';
import { OptionValues } from '../command-spec.ts';
import { explainApiError } from './explain-error.ts';
import { connectKubernetes } from './kubernetes-cluster.ts';
import { countVersions } from './mesh-versions.ts';
import { parseWorkload, selectorOf } from './pods.ts';
import { parseScopeLevels } from './scopes.ts';

test('a refusal names the right that is missing, by the words of the server or by what it was asked', () => {
  const told = (message: string): string =>
    explainApiError(new ApiError(message, { status: 403, reason: 'Forbidden' })).message;
  const asked = 'https://h answered';
  assert.equal(
    told(
      `${asked} GET /apis/apps/v1/deployments with 403: x is forbidden: User "u" cannot list resource "deployments" in API group "apps" at the cluster scope`,
    ),
    'you may not list deployments.apps in the whole cluster',
  );
  assert.equal(
    told(`${asked} GET /api/v1/namespaces/a/pods/b/portforward with 403: pods "b" is forbidden: `),
    'you may not create pods/portforward in namespace a',
  );
  assert.equal(
    told(`${asked} PATCH /apis/networking.istio.io/v1/namespaces/a/gateways/b with 403: no`),
    'you may not patch gateways.networking.istio.io in namespace a',
  );
  assert.equal(
    told(`${asked} POST /api/v1/namespaces with 403: no`),
    'you may not create namespaces in the whole cluster',
  );
});

test('workloads are named as with istioctl', () => {
  assert.deepEqual(parseWorkload('web-1.shop', false), { kind: 'pod', name: 'web-1', namespace: 'shop' });
  assert.deepEqual(parseWorkload('web-1.shop', true), { kind: 'pod', name: 'web-1.shop' });
  assert.deepEqual(parseWorkload('po/web-1', false), { kind: 'pod', name: 'web-1' });
  assert.deepEqual(parseWorkload('Deployment.apps/web', false), {
    kind: 'owner',
    name: 'web',
    of: { apiVersion: 'apps/v1', resource: 'deployments' },
  });
  assert.equal(parseWorkload('svc/web', false).kind, 'owner');
  for (const odd of ['configmap/a', 'deployment/', 'a/b/c']) {
    assert.throws(() => parseWorkload(odd, false), /names nothing that has pods/);
  }
});

test('selectors of workloads and Services become what the API takes', () => {
  assert.equal(selectorOf({ spec: { selector: { app: 'web', tier: 'a' } } }), 'app=web,tier=a');
  const matchExpressions = [
    { key: 'a', operator: 'In', values: ['1', '2'] },
    { key: 'b', operator: 'NotIn', values: ['3'] },
    { key: 'c', operator: 'Exists' },
    { key: 'd', operator: 'DoesNotExist' },
  ];
  assert.equal(
    selectorOf({ spec: { selector: { matchLabels: { app: 'web' }, matchExpressions } } }),
    'app=web,a in (1,2),b notin (3),c,!d',
  );
  assert.equal(selectorOf({ spec: {} }), '');
});

test('levels of scopes, and versions counted', () => {
  assert.deepEqual(
    [...parseScopeLevels('ads:debug,xds:none')],
    [
      ['ads', 'debug'],
      ['xds', 'none'],
    ],
  );
  assert.deepEqual([...parseScopeLevels('warn')], [['all', 'warn']]);
  for (const odd of ['ads:loud', ':debug', 'a:b:c', '']) assert.throws(() => parseScopeLevels(odd), /is no level/);
  assert.equal(countVersions(['1.40.0', '1.39.0', '1.40.0']), '1.40.0 (2 proxies), 1.39.0 (1 proxies)');
  assert.equal(countVersions([]), 'none');
});

test('where no kubeconfig is named, it is said where one was looked for', async (t) => {
  const { HOME, KUBECONFIG } = process.env;
  t.after(() => {
    Object.assign(process.env, { HOME });
    if (KUBECONFIG === undefined) delete process.env['KUBECONFIG'];
    else process.env['KUBECONFIG'] = KUBECONFIG;
  });
  Object.assign(process.env, { HOME: '/nowhere', KUBECONFIG: '' });
  const call = { options: new OptionValues({}), env: process.env };
  await assert.rejects(connectKubernetes(call), /no Kubernetes cluster is known: ~\/.kube\/config has no contexts/);
});
