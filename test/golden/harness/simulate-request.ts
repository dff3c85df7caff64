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
    return simulated({
      ...common,
      via: { kind: 'direct' },
      destination,
      source: { address: '192.0.2.1', port: 40_000 },
    });
  }
  const { interception } = place.pod;
  if (interception.kind !== 'ports') throw new Error(`${from.workload} has no HTTP proxy`);
  const via: Via = { kind: 'http-proxy', listener: interception.httpProxy };
  return simulated({ ...common, via, destination: { address: '', port: call.port } });

  function simulated(made: Call): SimulatedRequest {
    const found = walk(world, place.key, made);
    return { answers: answersOfWalk(found), text: formatWalk(found) };
  }
}
