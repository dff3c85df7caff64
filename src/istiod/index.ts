/**
 * The program that runs in the istiod pod. Takes what the API servers of its clusters hold, and the requests of their
 * webhooks; gives proxies their configuration and pods their proxies. Must never decide what a proxy gets: the stages
 * before it do.
 */
export * from './webhook/index.ts';
