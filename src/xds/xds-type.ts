/** What a proxy is told of a resource that it named and that is not there. */
export type MissingAnswer =
  /** Its name in `removed_resources` (xDS protocol: how the incremental variants say that a resource does not exist). */
  | 'removed'
  /** A Resource with the name as alias and no body: Envoy's VHDS then answers the waiting request with 404 at once. */
  | 'empty-resource'
  /** Nothing: the proxy waits until there is one. */
  | 'silence';

/** What the protocol says of one resource type on an aggregated stream. */
export interface XdsType {
  readonly url: string;
  /** The short name that people know (`CDS`). */
  readonly short: string;
  /**
   * A first request that names nothing stands for everything. The xDS protocol keeps this for listeners and clusters
   * ("legacy wildcard"); Envoy does the same for virtual hosts, whose first request never names any.
   */
  readonly emptyMeansAll: boolean;
  /** A first wildcard request is answered even where there is nothing, because the proxy waits for it to start. */
  readonly answersEmpty: boolean;
  readonly missing: MissingAnswer;
  /** What was in use goes away only after the types that refer to it have moved (break after make). */
  readonly removedLast: boolean;
  /** Holds private keys: never kept beyond the feed's own reference. */
  readonly secret: boolean;
}

const PREFIX = 'type.googleapis.com/';

function xdsType(short: string, message: string, rules: Partial<XdsType>): XdsType {
  return {
    url: `${PREFIX}${message}`,
    short,
    emptyMeansAll: false,
    answersEmpty: false,
    missing: 'removed',
    removedLast: false,
    secret: false,
    ...rules,
  };
}

export const CDS: XdsType = xdsType('CDS', 'envoy.config.cluster.v3.Cluster', {
  emptyMeansAll: true,
  answersEmpty: true,
  removedLast: true,
});
export const EDS: XdsType = xdsType('EDS', 'envoy.config.endpoint.v3.ClusterLoadAssignment', { removedLast: true });
/** A missing secret is waited for: a listener or cluster must not come up without the key it was told to use. */
export const SDS: XdsType = xdsType('SDS', 'envoy.extensions.transport_sockets.tls.v3.Secret', {
  missing: 'silence',
  removedLast: true,
  secret: true,
});
export const LDS: XdsType = xdsType('LDS', 'envoy.config.listener.v3.Listener', {
  emptyMeansAll: true,
  answersEmpty: true,
});
export const ECDS: XdsType = xdsType('ECDS', 'envoy.config.core.v3.TypedExtensionConfig', {});
export const SRDS: XdsType = xdsType('SRDS', 'envoy.config.route.v3.ScopedRouteConfiguration', { emptyMeansAll: true });
export const RDS: XdsType = xdsType('RDS', 'envoy.config.route.v3.RouteConfiguration', {});
export const VHDS: XdsType = xdsType('VHDS', 'envoy.config.route.v3.VirtualHost', {
  emptyMeansAll: true,
  missing: 'empty-resource',
});

/**
 * Every type that is served, in the order in which additions are sent: what is referred to before what refers to it
 * (xDS protocol, "Eventual consistency considerations").
 */
export const XDS_TYPES: readonly XdsType[] = [CDS, EDS, SDS, LDS, ECDS, SRDS, RDS, VHDS];

const BY_URL: ReadonlyMap<string, XdsType> = new Map(XDS_TYPES.map((type) => [type.url, type]));

/** @returns undefined for a type that is not served. */
export function findXdsType(url: string): XdsType | undefined {
  return BY_URL.get(url);
}

/** The route configuration that a virtual host belongs to: Envoy cuts at the last slash. */
export function routeConfigurationOf(virtualHost: string): string {
  const slash = virtualHost.lastIndexOf('/');
  return slash < 0 ? '' : virtualHost.slice(0, slash);
}
