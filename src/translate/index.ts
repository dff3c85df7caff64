/**
 * (mesh, proxy, type, name) to one Envoy resource with its origins. Pure: takes a view of the mesh and what may change
 * the answer for a proxy. Must never throw, wait or read a clock; all that it keeps is a cache of endpoints' bytes.
 */
export { gatewayCredentials } from './listeners/gateway-servers.ts';
export { HTTP_PROXY_ROUTES, listenerName, PASSTHROUGH_CLUSTER, passthroughName } from './names.ts';
export { parseCredentialName, TRUST_SECRET, WORKLOAD_SECRET } from './tls.ts';
export { type Asked, scopeKey, translate, wildcardNames } from './translator.ts';
