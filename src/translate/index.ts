/**
 * (mesh, proxy, type, name) to one Envoy resource with its origins. Pure: takes a view of the mesh and what may change
 * the answer for a proxy. Must never throw, wait, read a clock, or keep anything between two calls.
 */
export { HTTP_PROXY_ROUTES, listenerName } from './names.ts';
export { TRUST_SECRET, WORKLOAD_SECRET } from './tls.ts';
export { scopeKey, translate, wildcardNames } from './translator.ts';
