/** Typed constructors of Envoy's messages, one file per area; only where the raw message would be long. */
export { internalAddress, pipeAddress, prefixRange, socketAddress } from './addresses.ts';
export { adsSource, pathSource, sdsSecret } from './config-sources.ts';
export { durationFromMs, msFromDuration } from './durations.ts';
export {
  accessLog,
  type Extension,
  httpFilter,
  listenerFilter,
  networkFilter,
  transportSocket,
  typedExtension,
} from './extensions.ts';
export {
  corsFilter,
  credentialInjectorFilter,
  earlyHeader,
  faultFilter,
  httpRbacFilter,
  type InjectedCredential,
  onDemandFilter,
  routerFilter,
  upstreamCodecFilter,
} from './http-filters.ts';
export { HTTP_PROTOCOL_OPTIONS, httpProtocolOptions, type UpstreamHttp } from './http-protocol-options.ts';
export { httpInspector, offForPorts, originalDst, proxyProtocol, tlsInspector } from './listener-filters.ts';
export {
  httpConnectionManager,
  networkRbacFilter,
  sniClusterFilter,
  TCP_PROXY_CLUSTER_STATE,
  tcpClusterFromFormat,
  tcpOnDemand,
  tcpProxy,
} from './network-filters.ts';
export {
  commonTlsContext,
  dnsName,
  downstreamTls,
  rawBuffer,
  type TlsMaterial,
  upstreamTls,
  uriName,
} from './tls-contexts.ts';
