import type { MeshView, RoutePart, VirtualService } from '../../mesh/index.ts';
import type { ClientScope, Hostname, Service } from '../../model/index.ts';
import { egressAllows } from '../targets.ts';

/** The VirtualService for a host; one for a host without service must be let through by the client's Sidecar as well. Tracked. */
export function ruleFor(
  mesh: MeshView,
  client: ClientScope,
  of: { readonly host: Hostname; readonly service: Service | undefined; readonly part: RoutePart },
): VirtualService | undefined {
  const rule = mesh.rules.virtualService(client.namespace, of);
  if (!rule || of.service) return rule;
  return egressAllows(mesh, client, { namespace: rule.meta.namespace, hosts: [of.host] }) ? rule : undefined;
}
