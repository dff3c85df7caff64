import { base64Decode } from '@bufbuild/protobuf/wire';
import type { HttpMatch, HttpRoute } from '../../config/index.ts';
import type { DataSourceSchema } from '../../envoy/gen/envoy/config/core/v3/base_pb.ts';
import type { RouteSchema } from '../../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import type { MeshView, VirtualService } from '../../mesh/index.ts';
import type { ClientScope, ObjectRef } from '../../model/index.ts';
import type { InitOf } from '../built.ts';
import { effectivePolicy } from '../clusters/traffic-policy.ts';
import { originMetadata } from '../origin-metadata.ts';
import { outboundTarget } from '../targets.ts';
import { httpRoutesOf } from './delegate.ts';
import { destinationCluster, type RouteContext } from './destinations.ts';
import {
  type ClusterNameOf,
  forwardAction,
  hashPolicy,
  headerParts,
  redirectAction,
  retryHeaders,
} from './route-action.ts';
import { perFilterConfig } from './route-filters.ts';
import { matchesAll, routeMatch } from './route-match.ts';
import { appliesTo } from './stream-routes.ts';

export type RouteInit = InitOf<typeof RouteSchema>;
type Action = NonNullable<RouteInit['action']>;

interface RouteParts {
  readonly owner: ObjectRef;
  readonly route: HttpRoute;
  readonly match: HttpMatch | undefined;
  readonly action: Action;
}

function envoyRoute({ owner, route, match, action }: RouteParts): RouteInit {
  const name = [route.name, match?.name].filter((part) => part).join('.');
  const filters = perFilterConfig(route);
  const headers = headerParts(route.headers);
  const added = action.case === 'route' ? retryHeaders(route) : [];
  return {
    ...(name ? { name } : {}),
    match: routeMatch(match),
    ...originMetadata([owner]),
    ...headers,
    requestHeadersToAdd: [...(headers.requestHeadersToAdd ?? []), ...added],
    ...(Object.keys(filters).length > 0 ? { typedPerFilterConfig: filters } : {}),
    action,
  };
}

function actionOf(
  mesh: MeshView,
  client: ClientScope,
  of: { readonly route: HttpRoute; readonly nameOf: ClusterNameOf },
): Action {
  const { route, nameOf } = of;
  if (route.redirect) return { case: 'redirect', value: redirectAction(route.redirect) };
  if (route.directResponse) {
    const { status, body } = route.directResponse;
    return { case: 'directResponse', value: { status, ...(body ? { body: { specifier: bodyOf(body) } } : {}) } };
  }
  const [first] = route.route ?? [];
  const policies = first ? hashing(mesh, client, nameOf(first.destination)) : [];
  return {
    case: 'route',
    value: { ...forwardAction(route, nameOf), ...(policies.length > 0 ? { hashPolicy: policies } : {}) },
  };
}

type Body = NonNullable<NonNullable<HttpRoute['directResponse']>['body']>;

function bodyOf({ string, bytes }: Body): NonNullable<InitOf<typeof DataSourceSchema>['specifier']> {
  if (bytes !== undefined) return { case: 'inlineBytes', value: base64Decode(bytes) };
  return { case: 'inlineString', value: string ?? '' };
}

/** What requests to a cluster are hashed by, where its DestinationRule asks for that. */
function hashing(mesh: MeshView, client: ClientScope, cluster: string): ReturnType<typeof hashPolicy> {
  const target = outboundTarget(mesh, client, cluster);
  if (!target) return [];
  return hashPolicy(effectivePolicy(target.policy, target.subset, target.port.number).loadBalancer?.consistentHash);
}

/** The Envoy routes of a VirtualService, in its order; what comes after a route that takes everything is left out. */
export function virtualServiceRoutes(
  mesh: MeshView,
  rule: VirtualService,
  context: RouteContext,
): readonly RouteInit[] {
  const routes: RouteInit[] = [];
  for (const { owner, route } of httpRoutesOf(mesh, rule)) {
    const nameOf: ClusterNameOf = (destination) => destinationCluster(mesh, owner, { context, destination });
    const action = actionOf(mesh, context.client, { route, nameOf });
    for (const match of route.match?.length ? route.match : [undefined]) {
      if (match && !appliesTo(match, rule, context)) continue;
      routes.push(envoyRoute({ owner: owner.ref, route, match, action }));
      if (matchesAll(match)) return routes;
    }
  }
  return routes;
}

/** The route of a service without a VirtualService. */
export function defaultRoute(mesh: MeshView, client: ClientScope, cluster: string): RouteInit {
  const route: HttpRoute = { route: [{ destination: { host: '' } }] };
  const action = actionOf(mesh, client, { route, nameOf: () => cluster });
  return { name: 'default', match: routeMatch(undefined), requestHeadersToAdd: [...retryHeaders(route)], action };
}
