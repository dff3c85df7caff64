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

/** SMTP, DNS, MySQL, MongoDB: the server speaks first there, so that waiting for the client's first bytes would hang (Istio). */
const NEVER_SNIFFED: ReadonlySet<number> = new Set([25, 53, 3306, 27017]);

/**
 * What a Kubernetes Service port speaks (Istio's protocol selection: transport, appProtocol, then the prefix of the
 * port's name before `-`). A port that says nothing is `auto`, unless its number is known for a protocol that cannot be
 * found out.
 */
export function protocolOfPort(port: {
  readonly name?: string;
  readonly protocol?: string;
  readonly appProtocol?: string;
  readonly port?: number;
}): Protocol {
  if (port.protocol === 'UDP') return 'udp';
  const unsaid = NEVER_SNIFFED.has(port.port ?? 0) ? 'tcp' : 'auto';
  if (port.appProtocol) return BY_NAME[port.appProtocol.toLowerCase()] ?? unsaid;
  const name = (port.name ?? '').toLowerCase();
  if (name.startsWith('grpc-web')) return 'http';
  return BY_NAME[name.split('-')[0] ?? ''] ?? unsaid;
}

/** What a ServiceEntry's or Gateway's `protocol` says (Istio: HTTP, HTTPS, GRPC, HTTP2, MONGO, TCP, TLS). */
export function protocolOfText(text: string): Protocol {
  return BY_NAME[text.toLowerCase()] ?? 'auto';
}
