import type { TransportSocket } from '../../envoy/gen/envoy/config/core/v3/base_pb.ts';
import type {
  Filter,
  FilterChainMatchSchema,
  FilterChainSchema,
} from '../../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import type { MtlsMode } from '../../mesh/index.ts';
import { isHttp, type Protocol } from '../../model/index.ts';
import type { InitOf } from '../built.ts';
import { CLIENT_ALPN, HTTP_MESH_ALPN, MESH_ALPN, PLAIN_HTTP_ALPN, serverMtls, TCP_MESH_ALPN } from '../tls.ts';

export type Chain = InitOf<typeof FilterChainSchema>;
export type Match = InitOf<typeof FilterChainMatchSchema>;

/** How the bytes of a port are read: as what it says, or as what they turn out to be. */
export type Reading = 'http' | 'tcp' | 'sniffed';

export function readingOf(protocol: Protocol): Reading {
  if (protocol === 'auto') return 'sniffed';
  return isHttp(protocol) ? 'http' : 'tcp';
}

/** The two ways in which a port's bytes can be handled, both under the same policies. */
export interface ChainFilters {
  readonly http: readonly Filter[];
  readonly tcp: readonly Filter[];
}

/** The chains for one port of a workload, or for all ports that have none of their own. */
export interface ChainsOf {
  /** Goes before the names of the chains; empty for a listener of one port. */
  readonly prefix: string;
  readonly mode: MtlsMode;
  readonly reading: Reading;
  readonly filters: ChainFilters;
  /** What all of them match besides. */
  readonly match: Match;
  /** Under PERMISSIVE, is TLS that is not the mesh's handed on as bytes on a port that says it speaks plain HTTP? */
  readonly opaqueTls: boolean;
}

interface Variant {
  readonly name: string;
  readonly as: 'http' | 'tcp';
  readonly match: Match;
  readonly mtls?: true;
}

const TLS: Match = { transportProtocol: 'tls' };
const PLAIN: Match = { transportProtocol: 'raw_buffer' };
const offering = (match: Match, applicationProtocols: readonly string[]): Match => ({
  ...match,
  applicationProtocols: [...applicationProtocols],
});

/**
 * STRICT: mTLS or nothing. PERMISSIVE: mTLS of the mesh by its ALPN, the application's own TLS as bytes, and plain text.
 * A connection that fits no chain is closed by Envoy.
 */
export function inboundChains(of: ChainsOf): readonly Chain[] {
  return variantsOf(of).map(({ name, as, match, mtls }) => ({
    name: `${of.prefix}${name}`,
    filterChainMatch: { ...of.match, ...match },
    ...(mtls ? { transportSocket: mtlsFor(as) } : {}),
    filters: [...of.filters[as]],
  }));
}

function mtlsFor(as: 'http' | 'tcp'): TransportSocket {
  return serverMtls(as === 'http' ? ['h2', 'http/1.1'] : CLIENT_ALPN.tcp);
}

function variantsOf({ mode, reading, opaqueTls }: ChainsOf): readonly Variant[] {
  if (reading === 'sniffed') return sniffedVariants(mode);
  const as = reading;
  switch (mode) {
    case 'DISABLE':
      return [{ name: 'plaintext', as, match: {} }];
    case 'STRICT':
      return [{ name: 'mtls', as, match: TLS, mtls: true }];
    case 'PERMISSIVE': {
      const applicationTls: Variant = { name: 'application-tls', as: 'tcp', match: TLS };
      return [
        { name: 'mtls', as, match: offering(TLS, MESH_ALPN), mtls: true },
        ...(opaqueTls || as === 'tcp' ? [applicationTls] : []),
        { name: 'plaintext', as, match: PLAIN },
      ];
    }
  }
}

/** Envoy looks no further once a criterion has matched, so each has a chain for what is left. */
function sniffedVariants(mode: MtlsMode): readonly Variant[] {
  const plain: readonly Variant[] = [
    { name: 'plaintext-http', as: 'http', match: offering(PLAIN, PLAIN_HTTP_ALPN) },
    { name: 'plaintext', as: 'tcp', match: PLAIN },
  ];
  const applicationTls: Variant = { name: 'application-tls', as: 'tcp', match: TLS };
  const http: Variant = { name: 'mtls-http', as: 'http', match: offering(TLS, HTTP_MESH_ALPN), mtls: true };
  switch (mode) {
    case 'DISABLE':
      return [...plain, applicationTls];
    case 'STRICT':
      return [http, { name: 'mtls', as: 'tcp', match: TLS, mtls: true }];
    case 'PERMISSIVE':
      return [
        http,
        { name: 'mtls', as: 'tcp', match: offering(TLS, TCP_MESH_ALPN), mtls: true },
        applicationTls,
        ...plain,
      ];
  }
}
