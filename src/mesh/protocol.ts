import type { Protocol } from '../model/index.ts';

const BY_NAME: Readonly<Record<string, Protocol>> = {
  http: 'http',
  http2: 'http2',
  grpc: 'grpc',
  'grpc-web': 'http',
  https: 'tls',
  tls: 'tls',
  tcp: 'tcp',
  mongo: 'tcp',
  mysql: 'tcp',
  redis: 'tcp',
  udp: 'udp',
  'kubernetes.io/h2c': 'http2',
  'kubernetes.io/ws': 'http',
  'kubernetes.io/wss': 'tls',
};

/**
 * What a Kubernetes Service port speaks (Istio's protocol selection: transport, appProtocol, then the prefix of the
 * port's name before `-`). A port that says nothing is `auto`.
 */
export function protocolOfPort(port: {
  readonly name?: string;
  readonly protocol?: string;
  readonly appProtocol?: string;
}): Protocol {
  if (port.protocol === 'UDP') return 'udp';
  if (port.appProtocol) return BY_NAME[port.appProtocol.toLowerCase()] ?? 'auto';
  const name = (port.name ?? '').toLowerCase();
  if (name.startsWith('grpc-web')) return 'http';
  return BY_NAME[name.split('-')[0] ?? ''] ?? 'auto';
}

/** What a ServiceEntry's or Gateway's `protocol` says (Istio: HTTP, HTTPS, GRPC, HTTP2, MONGO, TCP, TLS). */
export function protocolOfText(text: string): Protocol {
  return BY_NAME[text.toLowerCase()] ?? 'auto';
}
