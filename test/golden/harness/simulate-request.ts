import { type Answer, answersOfWalk, authorityOf, type CaseRequest } from '../../../src/cases/index.ts';
import { type Call, formatWalk, type Via, walk } from '../../../src/simulate/index.ts';
import type { OfflineFleet } from './offline-fleet.ts';
import { offlineWorld, podOf } from './offline-world.ts';

/** What a request comes to in a fleet on paper. */
export interface SimulatedRequest {
  readonly answers: readonly Answer[];
  /** Every way with its hops, for people. */
  readonly text: string;
}

export function simulateRequest(fleet: OfflineFleet, request: CaseRequest): SimulatedRequest {
  const { from, call } = request;
  const place = podOf(fleet, from);
  const world = offlineWorld(fleet);
  const common = {
    kind: call.scheme === 'tcp' ? 'tcp' : 'http',
    host: authorityOf(call),
    method: call.method,
    path: call.path,
    headers: call.headers,
    ...(call.scheme === 'https' ? { tls: {} } : {}),
  } as const;
  if (from.kind === 'outside') {
    const { gatewayBinds, bound } = place.pod;
    const destination = gatewayBinds.find(({ port }) => port === from.port)?.bind ?? bound.get(from.port);
    if (!destination) throw new Error(`${from.workload} has no port ${from.port}`);
    const { interception: own, view } = place.pod;
    const direct = view.proxy !== 'sidecar' || own.kind === 'ports';
    return simulated({
      ...common,
      via: direct ? { kind: 'direct' } : { kind: 'intercepted', redirectedTo: own.inboundPort },
      destination,
      source: { address: '192.0.2.1', port: 40_000 },
    });
  }
  const { interception } = place.pod;
  if (interception.kind === 'redirect') {
    const resolved = fleet.proxies.get(place.key)?.resolve(call.host) ?? [];
    const via: Via = { kind: 'intercepted', redirectedTo: interception.outboundPort };
    // A name of several addresses is called at each of them in turn.
    const addresses = resolved.length > 0 ? resolved : [call.host];
    return simulated(...addresses.map((address) => ({ ...common, via, destination: { address, port: call.port } })));
  }
  const via: Via = { kind: 'http-proxy', listener: interception.httpProxy };
  return simulated({ ...common, via, destination: { address: '', port: call.port } });

  function simulated(...made: readonly Call[]): SimulatedRequest {
    const walks = made.map((one) => walk(world, place.key, one));
    const paths = walks.flatMap((one) =>
      one.paths.map((path) => ({ ...path, probability: path.probability / walks.length })),
    );
    const found = { call: made[0] as Call, paths };
    return { answers: answersOfWalk(found), text: formatWalk(found) };
  }
}
