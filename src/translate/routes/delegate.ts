import type { HttpMatch, HttpRoute, StringMatch } from '../../config/index.ts';
import type { MeshView, VirtualService } from '../../mesh/index.ts';

/** A route, with the VirtualService in whose namespace its destinations are to be understood. */
export interface OwnedRoute {
  readonly owner: VirtualService;
  readonly route: HttpRoute;
}

/**
 * The HTTP routes of a VirtualService, with those of its delegates in place of the routes that lead to them: what both ask
 * for must match, and a delegate's route that can never match is left out (Istio: Delegate; one level). Tracked.
 */
export function httpRoutesOf(mesh: MeshView, rule: VirtualService): readonly OwnedRoute[] {
  return (rule.spec.http ?? []).flatMap((route) => {
    if (!route.delegate) return [{ owner: rule, route }];
    const { name = '', namespace } = route.delegate;
    const owner = mesh.rules.delegate(namespace || rule.meta.namespace, name);
    return (owner?.spec.http ?? []).flatMap((own) => {
      const joined = joinRoutes(route, own);
      return owner && joined && !own.delegate ? [{ owner, route: joined }] : [];
    });
  });
}

function joinRoutes(root: HttpRoute, own: HttpRoute): HttpRoute | undefined {
  const { match: rootMatches, delegate: _delegate, ...settings } = root;
  const match = joinMatches(rootMatches ?? [], own.match ?? []);
  if (match === undefined) return undefined;
  const name = [root.name, own.name].filter((part) => part).join('-');
  return { ...settings, ...own, ...(name ? { name } : {}), ...(match.length > 0 ? { match } : {}) };
}

/** @returns undefined where no request can match both. */
function joinMatches(root: readonly HttpMatch[], own: readonly HttpMatch[]): readonly HttpMatch[] | undefined {
  if (root.length === 0) return own;
  if (own.length === 0) return root;
  const joined = root.flatMap((outer) => own.flatMap((inner) => joinMatch(outer, inner) ?? []));
  return joined.length > 0 ? joined : undefined;
}

function joinMatch(outer: HttpMatch, inner: HttpMatch): HttpMatch | undefined {
  for (const key of ['method', 'authority', 'scheme', 'port', 'sourceNamespace'] as const) {
    if (
      outer[key] !== undefined &&
      inner[key] !== undefined &&
      JSON.stringify(outer[key]) !== JSON.stringify(inner[key])
    ) {
      return undefined;
    }
  }
  const uri = joinUri(outer.uri, inner.uri);
  if (uri === 'never') return undefined;
  const records = {
    ...joinRecords('headers', outer, inner),
    ...joinRecords('withoutHeaders', outer, inner),
    ...joinRecords('queryParams', outer, inner),
    ...joinRecords('sourceLabels', outer, inner),
  };
  return { ...outer, ...inner, ...records, ...(uri ? { uri } : {}) };
}

function joinRecords<K extends 'headers' | 'withoutHeaders' | 'queryParams' | 'sourceLabels'>(
  key: K,
  outer: HttpMatch,
  inner: HttpMatch,
): Partial<Pick<HttpMatch, K>> {
  if (!outer[key] && !inner[key]) return {};
  return { [key]: { ...outer[key], ...inner[key] } } as unknown as Partial<Pick<HttpMatch, K>>;
}

/** The inner path has to lie within the outer one. */
function joinUri(outer: StringMatch | undefined, inner: StringMatch | undefined): StringMatch | 'never' | undefined {
  if (!outer || !inner) return inner ?? outer;
  const { prefix } = outer;
  const within = (text: string | undefined): boolean =>
    text !== undefined && prefix !== undefined && text.startsWith(prefix);
  if (within(inner.prefix) || within(inner.exact)) return inner;
  return JSON.stringify(outer) === JSON.stringify(inner) ? inner : 'never';
}
