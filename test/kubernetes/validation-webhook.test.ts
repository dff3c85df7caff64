/** A real API server asks our webhook before it stores an object, and believes it by the caBundle that is kept up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { ServerCertificate } from '../../src/control-plane/index.ts';
import { readDefinitions } from '../../src/install/index.ts';
import { createValidationHandler, WebhookCaBundle } from '../../src/istiod/index.ts';
import { WebhookServer } from '../../src/istiod/webhook/webhook-server.ts';
import { ApiError } from '../../src/kubernetes-api/index.ts';
import type { ClusterId } from '../../src/model/index.ts';
import { CertificateAuthority, RotatingAuthority } from '../../src/security/index.ts';
import { startApiServer, withoutKubernetes } from './api-server.ts';
import { eventually } from './eventually.ts';

const KIND = 'virtualservices.networking.istio.io';
const NAME = 'istio-validator-istio-system';
const SERVICES = '/apis/networking.istio.io/v1/namespaces/default/virtualservices';
const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';

const service = (name: string, http: object): object => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name },
  spec: { hosts: ['reviews'], http },
});
const ROUTES = [{ route: [{ destination: { host: 'reviews' } }] }];

const webhookAt = (port: number): object => ({
  name: 'validation.istio.io',
  clientConfig: { url: `https://127.0.0.1:${port}/validate` },
  admissionReviewVersions: ['v1'],
  sideEffects: 'None',
  failurePolicy: 'Fail',
  rules: [
    {
      operations: ['CREATE', 'UPDATE'],
      apiGroups: ['networking.istio.io'],
      apiVersions: ['*'],
      resources: ['*'],
    },
  ],
});

test('an object is stored or refused by what we say, before and after a rotation', {
  skip: withoutKubernetes(),
}, async (t) => {
  const server = await startApiServer();
  t.after(() => server.stop());
  const { admin } = server;
  const definition = readDefinitions().find(({ metadata }) => metadata.name === KIND);
  await admin.send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
  await eventually('the kind is served', async () => (await admin.get(SERVICES).catch(() => undefined)) !== undefined);

  const log = pino({ level: 'silent' });
  const context = { trustDomain: 'cluster.local', now: Date.now };
  const roots = [CertificateAuthority.createRoot('one', context)];
  const ca = new RotatingAuthority(roots[0] as CertificateAuthority);
  const certificate = new ServerCertificate({ ca, names: ['istiod'], address: '127.0.0.1', now: Date.now });
  t.after(() => certificate.close());
  const webhooks = new WebhookServer(certificate, [createValidationHandler({ cluster: 'cluster1' as ClusterId, log })]);
  const port = await webhooks.listen({ address: '127.0.0.1', port: 0 });
  t.after(() => webhooks.close());
  const bundle = new WebhookCaBundle(admin, {
    configurations: [{ kind: 'validating', name: NAME }],
    roots: () => roots.map(({ root }) => root.pem),
    isServing: () => true,
    log,
  });
  t.after(() => bundle.stop());
  bundle.start();
  await admin.send('POST', CONFIGURATIONS, { metadata: { name: NAME }, webhooks: [webhookAt(port)] });

  /** @returns what the API server says: `stored`, or why not. */
  const apply = async (name: string, http: object): Promise<string> => {
    try {
      await admin.send('POST', SERVICES, service(name, http));
      return 'stored';
    } catch (error) {
      assert.ok(error instanceof ApiError);
      return error.message;
    }
  };
  // An API server reads a changed configuration a moment later, and until then calls without a caBundle.
  await eventually('a broken one is refused', async () => /denied the request/.test(await apply('broken', [])));
  const said = await apply('broken', []);
  assert.match(said, /error PEL3005 .*there must be at least one route/);
  assert.match(said, /why: [\s\S]*do: /);
  assert.equal(await apply('good', ROUTES), 'stored');

  const next = CertificateAuthority.createRoot('two', context);
  roots.push(next);
  bundle.refresh();
  ca.replace(next);
  await eventually('it is asked by the next root', async () => (await apply('later', ROUTES)) === 'stored');
  assert.match(await apply('broken', []), /denied the request/);
});
