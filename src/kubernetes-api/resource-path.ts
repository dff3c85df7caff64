/** The path of a kind's objects, or of one of them (Kubernetes API concepts, Resource URIs). */
export function resourcePath(of: {
  /** `v1`, `apps/v1`, `networking.istio.io/v1`. */
  readonly apiVersion: string;
  /** In the plural: `pods`. */
  readonly resource: string;
  /** Undefined for all namespaces, and for kinds that have none. */
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  /** `status`, `log`, `token`. */
  readonly subresource?: string | undefined;
}): string {
  const { apiVersion, resource, namespace, name, subresource } = of;
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const parts = [
    ...(namespace ? ['namespaces', namespace] : []),
    resource,
    ...(name ? [name] : []),
    ...(subresource ? [subresource] : []),
  ];
  return `${root}/${parts.map(encodeURIComponent).join('/')}`;
}
