/** The type URLs of the resources that are sent to Envoys, by the service that sends them (xDS protocol, "Resource types"). */
export const TYPE_URL = {
  LDS: 'type.googleapis.com/envoy.config.listener.v3.Listener',
  RDS: 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
  VHDS: 'type.googleapis.com/envoy.config.route.v3.VirtualHost',
  CDS: 'type.googleapis.com/envoy.config.cluster.v3.Cluster',
  EDS: 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
  SDS: 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret',
} as const;

/** The type URL of a resource that is sent to Envoys. */
export type TypeUrl = (typeof TYPE_URL)[keyof typeof TYPE_URL];

/** The name of a discovery service, which people know a resource type by. */
export type TypeShortName = keyof typeof TYPE_URL;

/** Every type URL, in a fixed order. */
export const TYPE_URLS: readonly TypeUrl[] = Object.values(TYPE_URL);

const SHORT_NAMES: ReadonlyMap<string, TypeShortName> = new Map(
  (Object.keys(TYPE_URL) as TypeShortName[]).map((short) => [TYPE_URL[short], short]),
);

/** `CDS` for clusters, and so on. @returns undefined for a type that is not sent to Envoys. */
export function shortNameOf(type: string): TypeShortName | undefined {
  return SHORT_NAMES.get(type);
}

/**
 * Reads a type URL or a short name of any case (`cds`), as a stream or a person gives it.
 * @returns undefined where the text names no type that is sent to Envoys.
 */
export function parseTypeUrl(text: string): TypeUrl | undefined {
  const short = text.toUpperCase();
  return TYPE_URLS.find((type) => type === text || SHORT_NAMES.get(type) === short);
}
