import type { ClusterId, Resource } from '../../model/index.ts';
import type { XdsType } from '../xds-type.ts';

/** A resource whose body is its name and version: enough where nothing reads it. */
export function testResource(type: XdsType, name: string, version: string): Resource {
  return {
    type: type.url,
    name,
    version,
    bytes: new TextEncoder().encode(`${name}=${version}`),
    aliases: [],
    origin: [{ cluster: 'cluster1' as ClusterId, kind: 'Service', namespace: 'default', name }],
  };
}
