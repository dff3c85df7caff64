/** Calls from outside, through gateways. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { INGRESS } from './gateways.ts';
import { callGateway } from './pod-calls.ts';
import { outsideAuthority, type PodLab } from './pod-lab.ts';

export function ingressTests(get: () => PodLab): void {
  describe('gateways', () => {
    test("the mesh's own, from outside", async () => {
      await get().apply(...INGRESS);
      const address = await get().gatewayAddress('istio-system', 'istio-ingressgateway');
      await get().lab.eventually('the shop answers', async () => {
        const { status, app } = await callGateway({ host: 'shop.example.com', address });
        assert.equal(status, 200);
        assert.match(app?.caller ?? '', /\/sa\/istio-ingressgateway-service-account$/);
      });
      assert.equal((await callGateway({ host: 'other.example.com', address })).status, 404);
    });

    test('TLS ends there by a Secret, and a new Secret is taken at once', async () => {
      const address = await get().gatewayAddress('istio-system', 'istio-ingressgateway');
      for (const ca of [outsideAuthority(), outsideAuthority()]) {
        const { key, certificate } = ca.issue('shop.example.com');
        const data = { 'tls.key': btoa(key), 'tls.crt': btoa(certificate) };
        const metadata = { name: 'shop-tls', namespace: 'istio-system' };
        await get().apply({ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata, data });
        await get().lab.eventually('the certificate is used', async () => {
          assert.equal((await callGateway({ host: 'shop.example.com', address, authority: ca.root })).status, 200);
        });
      }
    });

    test("an application's own TLS passes, by its server name", async () => {
      const address = await get().gatewayAddress('istio-system', 'istio-ingressgateway');
      await get().lab.eventually('the application answers', async () => {
        const call = { host: 'secure.example.com', address, authority: get().authority.root };
        assert.match((await callGateway(call)).body, /^server-.* over its own TLS$/);
      });
    });

    test("a user's own, by the template of the injector", async () => {
      const address = await get().gatewayAddress('edge', 'gate');
      await get().lab.eventually('the gate answers', async () => {
        const { status, app } = await callGateway({ host: 'gate.example.com', address });
        assert.deepEqual([status, app?.caller], [200, 'spiffe://cluster.local/ns/edge/sa/default']);
      });
    });
  });
}
