/** What of an Envoy can be looked at. */
export type ViewName = 'listeners' | 'routes' | 'clusters' | 'endpoints' | 'secrets' | 'ecds' | 'bootstrap' | 'all';

/** istioctl's names and short names. */
const VIEWS: Readonly<Record<string, ViewName>> = {
  listeners: 'listeners',
  listener: 'listeners',
  l: 'listeners',
  routes: 'routes',
  route: 'routes',
  r: 'routes',
  clusters: 'clusters',
  cluster: 'clusters',
  c: 'clusters',
  endpoints: 'endpoints',
  endpoint: 'endpoints',
  ep: 'endpoints',
  secrets: 'secrets',
  secret: 'secrets',
  s: 'secrets',
  ecds: 'ecds',
  ec: 'ecds',
  eds: 'endpoints',
  bootstrap: 'bootstrap',
  b: 'bootstrap',
  all: 'all',
  a: 'all',
};

/** For completion and help. */
export const PROXY_CONFIG_WORDS: readonly ViewName[] = [
  'listeners',
  'routes',
  'clusters',
  'endpoints',
  'secrets',
  'ecds',
  'bootstrap',
  'all',
];

/** @returns undefined where there is no such view. */
export function parseViewName(text: string): ViewName | undefined {
  return Object.hasOwn(VIEWS, text) ? VIEWS[text] : undefined;
}
