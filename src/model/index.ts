/**
 * The vocabulary of the mesh: ids, objects, services, endpoints, proxies, resources.
 * Takes nothing, gives types and the parsers of their text forms, and must never decide what traffic does.
 */
export * from './endpoint.ts';
export * from './identity.ts';
export * from './ids.ts';
export * from './locality.ts';
export * from './mesh-config.ts';
export * from './object-ref.ts';
export * from './proxy.ts';
export * from './resource.ts';
export * from './service.ts';
