import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { ServerCertificate } from '../../control-plane/index.ts';
import { CertificateAuthority } from '../../security/index.ts';
import { WebhookServer } from './webhook-server.ts';

test('its end waits for nobody who has connected and says nothing', async (t) => {
  const now = Date.now;
  const ca = CertificateAuthority.createRoot('cluster1', { trustDomain: 'cluster.local', now });
  const certificate = new ServerCertificate({ ca, names: ['istiod.istio-system.svc'], address: '127.0.0.1', now });
  t.after(() => certificate.close());
  const server = new WebhookServer(certificate, []);
  const port = await server.listen({ address: '127.0.0.1', port: 0 });
  const silent = connect(port, '127.0.0.1');
  await once(silent, 'connect');
  // Asked after it, so that the server has taken the first one.
  const answer = await fetch(`http://127.0.0.1:${port}/`).catch((error: unknown) => error);
  assert.ok(answer instanceof Error);
  const late = new Promise((resolve) => setTimeout(resolve, 2_000, 'late').unref());
  t.after(() => silent.destroy());
  assert.equal(await Promise.race([server.close(), late]), undefined);
});
