/**
 * The composition root: puts the stages together for one control plane. Takes sources, an authority and where to listen;
 * gives a running server. Must never decide what traffic does.
 */
export type { StreamStatus, TypeStreamStatus } from '../xds/index.ts';
export { ControlPlane, type ControlPlaneMember, type ControlPlaneOptions } from './control-plane.ts';
export { DnsListener, type DnsResponder, type DnsTransport } from './dns/dns-listener.ts';
export { type AnsweredQuery, type DnsRcode, meshResponder } from './dns/mesh-responder.ts';
export { type OfflineControlPlane, type OfflineMember, offlineControlPlane } from './offline.ts';
export { GATEWAY_BINDS_METADATA, INTERCEPTION_METADATA, type ProxyFacts, proxyScope } from './proxy-scope.ts';
export { SERVER_NAME, ServerCertificate } from './server-certificate.ts';
export { Translation } from './translation.ts';
