/** The ways from outside to the test's pods. */
import { istio, type Json } from './manifests.ts';

/** A gateway of a user's own making, as Istio's guide for gateways has it. */
export const OWN_GATEWAY: readonly Json[] = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'gate', namespace: 'edge' },
    spec: {
      selector: { matchLabels: { istio: 'gate' } },
      template: {
        metadata: {
          labels: { istio: 'gate', 'sidecar.istio.io/inject': 'true' },
          annotations: { 'inject.istio.io/templates': 'gateway' },
        },
        spec: { containers: [{ name: 'istio-proxy', image: 'auto' }] },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'gate', namespace: 'edge' },
    spec: { type: 'LoadBalancer', selector: { istio: 'gate' }, ports: [{ name: 'http', port: 80 }] },
  },
  istio('Gateway', 'edge', 'gate', {
    selector: { istio: 'gate' },
    servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['gate.example.com'] }],
  }),
  istio('VirtualService', 'shop', 'gate', {
    hosts: ['gate.example.com'],
    gateways: ['edge/gate'],
    http: [{ route: [{ destination: { host: 'web', port: { number: 80 } } }] }],
  }),
];

/** From outside by the gateway that comes with the mesh: in plain text, by TLS that ends there, by TLS that passes. */
export const INGRESS: readonly Json[] = [
  istio('Gateway', 'shop', 'ingress', {
    selector: { istio: 'ingressgateway' },
    servers: [
      { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['shop.example.com'] },
      {
        port: { number: 443, name: 'https', protocol: 'HTTPS' },
        hosts: ['shop.example.com'],
        tls: { mode: 'SIMPLE', credentialName: 'shop-tls' },
      },
      {
        port: { number: 443, name: 'tls', protocol: 'TLS' },
        hosts: ['secure.example.com'],
        tls: { mode: 'PASSTHROUGH' },
      },
    ],
  }),
  istio('VirtualService', 'shop', 'ingress', {
    hosts: ['shop.example.com'],
    gateways: ['ingress'],
    http: [{ route: [{ destination: { host: 'web', port: { number: 80 } } }] }],
  }),
  istio('VirtualService', 'shop', 'passthrough', {
    hosts: ['secure.example.com'],
    gateways: ['ingress'],
    tls: [
      {
        match: [{ port: 443, sniHosts: ['secure.example.com'] }],
        route: [{ destination: { host: 'secure', port: { number: 443 } } }],
      },
    ],
  }),
];
