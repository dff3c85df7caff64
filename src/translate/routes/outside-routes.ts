import { durationFromMs } from '../../envoy/index.ts';
import { DESTINATION_HEADER, PASSTHROUGH_CLUSTER } from '../names.ts';
import type { RouteInit } from './http-routes.ts';
import { connectRoute } from './tunnel-routes.ts';

const EVERYTHING: NonNullable<RouteInit['match']> = { pathSpecifier: { case: 'prefix', value: '/' } };

/** A host outside the mesh, called through the HTTP proxy: nothing is known of it that could be decided here. */
export function asItCameRoute(): readonly RouteInit[] {
  const plain: RouteInit = {
    name: 'allow_any',
    match: EVERYTHING,
    action: {
      case: 'route',
      value: { clusterSpecifier: { case: 'cluster', value: PASSTHROUGH_CLUSTER }, timeout: durationFromMs(0) },
    },
  };
  return [connectRoute([{ cluster: PASSTHROUGH_CLUSTER, weight: 1 }]), plain];
}

/** A redirected request goes where it was going: the listener has written down which cluster that is. */
export function asItWentRoute(): readonly RouteInit[] {
  return [
    {
      name: 'by_address',
      match: EVERYTHING,
      action: {
        case: 'route',
        value: {
          clusterSpecifier: { case: 'clusterHeader', value: DESTINATION_HEADER },
          timeout: durationFromMs(0),
        },
      },
    },
  ];
}

/** The mesh lets only hosts be called that some object names (Istio: `block_all`). */
export function blockedRoute(): readonly RouteInit[] {
  return [{ name: 'block_all', match: EVERYTHING, action: { case: 'directResponse', value: { status: 502 } } }];
}
