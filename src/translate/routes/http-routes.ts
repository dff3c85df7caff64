import type { MessageInitShape } from '@bufbuild/protobuf';
import type { HttpMatch, HttpRoute } from '../../config/index.ts';
import type { RouteSchema } from '../../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { formatClusterName } from '../../envoy/index.ts';
import {
  expandShortName,
  gatewayKey,
  MESH_GATEWAY,
  type MeshView,
  selects,
  type VirtualService,
} from '../../mesh/index.ts';
import type { ClientScope } from '../../model/index.ts';
import { BLACK_HOLE_CLUSTER } from '../names.ts';
import { visibleService } from '../targets.ts';
import { type ClusterNameOf, forwardAction, headerParts, redirectAction } from './route-action.ts';
import { perFilterConfig } from './route-filters.ts';
import { matchesAll, routeMatch } from './route-match.ts';

export type RouteInit = MessageInitShape<typeof RouteSchema>;

/** Who asks for the routes of a VirtualService, and by what way. */
export interface RouteContext {
  readonly client: ClientScope;
  /** The port that the request is for. */
  readonly port: number;
  /** `mesh`, or the Gateway (`namespace/name`) that the request came in by. */
  readonly gateway: string;
}

/** Destination hosts mean what they mean to the VirtualService's own namespace (Istio: short names). */
function clusterNames(mesh: MeshView, rule: VirtualService, context: RouteContext): ClusterNameOf {
  return ({ host, subset, port }) => {
    const namespace = rule.meta.namespace;
    const scope = { ...context.client, namespace };
    const service = visibleService(mesh, scope, host) ?? visibleService(mesh, context.client, host);
    const hostname = service?.hostname ?? expandShortName(host, namespace);
    const only = service?.ports.length === 1 ? service.ports[0]?.number : undefined;
    const number = port?.number ?? only ?? context.port;
    if (!service) return BLACK_HOLE_CLUSTER;
    return formatClusterName({ direction: 'outbound', port: number, subset: subset ?? '', hostname });
  };
}

function appliesTo(match: HttpMatch, rule: VirtualService, context: RouteContext): boolean {
  const gateways = match.gateways ?? [];
  const here =
    gateways.length === 0 || gateways.some((name) => gatewayKey(name, rule.meta.namespace) === context.gateway);
  const source =
    context.gateway !== MESH_GATEWAY ||
    (selects(match.sourceLabels, context.client.labels) &&
      (!match.sourceNamespace || match.sourceNamespace === context.client.namespace));
  return here && source && (!match.port || match.port === context.port);
}

function oneRoute(route: HttpRoute, match: HttpMatch | undefined, nameOf: ClusterNameOf): RouteInit {
  const name = [route.name, match?.name].filter((part) => part).join('.');
  const filters = perFilterConfig(route);
  return {
    ...(name ? { name } : {}),
    match: routeMatch(match),
    ...headerParts(route.headers),
    ...(Object.keys(filters).length > 0 ? { typedPerFilterConfig: filters } : {}),
    action: actionOf(route, nameOf),
  };
}

function actionOf(route: HttpRoute, nameOf: ClusterNameOf): NonNullable<RouteInit['action']> {
  if (route.redirect) return { case: 'redirect', value: redirectAction(route.redirect) };
  if (route.directResponse) {
    const { status, body } = route.directResponse;
    const specifier = body?.string === undefined ? undefined : { case: 'inlineString' as const, value: body.string };
    return { case: 'directResponse', value: { status, ...(specifier ? { body: { specifier } } : {}) } };
  }
  return { case: 'route', value: forwardAction(route, nameOf) };
}

/** The Envoy routes of a VirtualService, in its order; what comes after a route that takes everything is left out. */
export function virtualServiceRoutes(
  mesh: MeshView,
  rule: VirtualService,
  context: RouteContext,
): readonly RouteInit[] {
  const nameOf = clusterNames(mesh, rule, context);
  const routes: RouteInit[] = [];
  for (const route of rule.spec.http ?? []) {
    const matches = route.match?.length ? route.match : [undefined];
    for (const match of matches) {
      if (match && !appliesTo(match, rule, context)) continue;
      routes.push(oneRoute(route, match, nameOf));
      if (matchesAll(match)) return routes;
    }
  }
  return routes;
}

/** The route of a service without a VirtualService. */
export function defaultRoute(cluster: string): RouteInit {
  return {
    name: 'default',
    match: routeMatch(undefined),
    action: { case: 'route', value: forwardAction({ route: [{ destination: { host: '' } }] }, () => cluster) },
  };
}
