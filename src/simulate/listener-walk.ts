import type { FilterChain } from '../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import type { Listener } from '../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { terminateTls } from './downstream-tls.ts';
import { type ConnectionFacts, chooseFilterChain } from './filter-chain-match.ts';
import { inspectionOf } from './listener-match.ts';
import { walkNetworkFilters } from './network-filters.ts';
import type { Connection, Stream } from './payload.ts';
import { LISTENER, type ResourceName } from './resource-lookup.ts';
import { fail, type Step, withHop } from './step.ts';
import type { Path } from './trail.ts';

/** Takes a connection into a listener: listener filters, filter chain, TLS, then the chain's filters. */
export function walkListener(step: Step, listener: Listener, connection: Connection): readonly Path[] {
  const resource: ResourceName = { type: LISTENER, name: listener.name };
  const { destination } = connection;
  const at = withHop(
    step,
    { kind: 'listener', name: listener.name, resource },
    `the listener ${listener.name} takes the connection to ${destination.address}:${destination.port}`,
  );
  const facts = factsOf(listener, connection);
  const choice = chooseFilterChain(listener, facts);
  if (choice.kind === 'none') {
    return fail(at, 'no-filter-chain', `no filter chain of ${listener.name} is for ${describe(facts)}`);
  }
  if (choice.kind === 'several') {
    const names = choice.chains.map((chain) => chain.name || '(no name)').join(', ');
    return fail(at, 'multiple-filter-chains', `several filter chains of ${listener.name} match alike: ${names}`);
  }
  const text = choice.byDefault ? `no filter chain is for ${describe(facts)}: the default one` : describe(facts);
  const chosen = withHop(at, { kind: 'filter-chain', name: choice.chain.name, resource }, text);
  return walkChain(chosen, choice.chain, { connection, resource, serverName: facts.serverName });
}

function walkChain(
  step: Step,
  chain: FilterChain,
  at: { readonly connection: Connection; readonly resource: ResourceName; readonly serverName: string },
): readonly Path[] {
  const { connection, resource, serverName } = at;
  const tls = terminateTls(chain, connection.stream, step.site);
  if (tls.kind === 'refused') return fail(step, tls.failure, tls.message);
  const terminated = tls.kind === 'terminated' ? tls : undefined;
  const next = terminated ? withHop(step, { kind: 'tls', name: chain.name, resource }, terminated.text) : step;
  const sni = terminated ? (connection.stream.tls[0]?.sni ?? '') : serverName;
  return walkNetworkFilters(next, {
    downstream: {
      connection,
      resource,
      filterChain: chain.name,
      serverName: sni,
      tls: terminated !== undefined,
      peer: terminated?.peer,
      local: terminated?.local,
      filterState: connection.filterState,
    },
    stream: terminated?.stream ?? connection.stream,
    filters: chain.filters,
  });
}

function factsOf(listener: Listener, connection: Connection): ConnectionFacts {
  const { destination, source, stream } = connection;
  const inspection = inspectionOf(listener, destination.port);
  const hello = inspection.tls ? stream.tls[0] : undefined;
  return {
    destination,
    source,
    serverName: hello?.sni.toLowerCase() ?? '',
    transportProtocol: hello ? 'tls' : 'raw_buffer',
    applicationProtocols: hello?.alpn ?? (inspection.http ? sniffedProtocols(stream) : []),
  };
}

/** What http_inspector finds in plaintext. */
function sniffedProtocols(stream: Stream): readonly string[] {
  if (stream.tls.length > 0 || stream.payload.kind !== 'http') return [];
  return [stream.payload.request.version === 'h2' ? 'h2c' : 'http/1.1'];
}

function describe(facts: ConnectionFacts): string {
  const parts = [`port ${facts.destination.port}`, facts.transportProtocol === 'tls' ? 'TLS' : 'no TLS seen'];
  if (facts.serverName) parts.push(`server name ${facts.serverName}`);
  if (facts.applicationProtocols.length > 0) parts.push(`protocols ${facts.applicationProtocols.join(', ')}`);
  return parts.join(', ');
}
