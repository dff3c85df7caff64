import type { SubstitutionFormatString } from '../envoy/gen/envoy/config/core/v3/substitution_format_string_pb.ts';
import { headerOf } from './header-match.ts';
import type { Certificate, HttpRequest, SocketName } from './payload.ts';

/** What Envoy's command operators can be filled in with here. */
export interface FormatFacts {
  readonly destination: SocketName;
  readonly source: SocketName;
  readonly serverName: string;
  readonly filterChain: string;
  readonly filterState: ReadonlyMap<string, string>;
  readonly peer?: Certificate | undefined;
  readonly request?: HttpRequest | undefined;
  /** The envoy cluster a request goes to, once it is known. */
  readonly cluster?: string | undefined;
}

/** `%COMMAND(argument):length%`, or `%%` for a per cent sign (Envoy: access log command operators). */
const OPERATOR = /%%|%([A-Z_0-9]+)(?:\(([^)]*)\))?(?::(\d+))?%/g;

/** Fills in an Envoy format string. An operator without value, or one that has no meaning in a simulation, gives `-`. */
export function formatText(format: string, facts: FormatFacts): string {
  return format.replace(
    OPERATOR,
    (whole, command: string | undefined, argument: string | undefined, length: string | undefined) => {
      if (whole === '%%') return '%';
      const value = operand(command ?? '', argument ?? '', facts) ?? '-';
      return length === undefined ? value : value.slice(0, Number(length));
    },
  );
}

/** @returns undefined for formats other than inline text. */
export function formatString(format: SubstitutionFormatString, facts: FormatFacts): string | undefined {
  const { format: source } = format;
  if (source.case === 'textFormat') return formatText(source.value, facts);
  if (source.case === 'textFormatSource' && source.value.specifier.case === 'inlineString') {
    return formatText(source.value.specifier.value, facts);
  }
  return undefined;
}

function operand(command: string, argument: string, facts: FormatFacts): string | undefined {
  const { destination, source, peer } = facts;
  switch (command) {
    case 'DOWNSTREAM_LOCAL_ADDRESS':
      return socketText(destination);
    case 'DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT':
      return destination.address;
    case 'DOWNSTREAM_LOCAL_PORT':
      return String(destination.port);
    case 'DOWNSTREAM_REMOTE_ADDRESS':
    case 'DOWNSTREAM_DIRECT_REMOTE_ADDRESS':
      return socketText(source);
    case 'DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT':
    case 'DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT':
      return source.address;
    case 'REQUESTED_SERVER_NAME':
      return facts.serverName || undefined;
    case 'FILTER_CHAIN_NAME':
      return facts.filterChain || undefined;
    case 'FILTER_STATE':
      return facts.filterState.get(argument.split(':')[0] ?? '');
    case 'DOWNSTREAM_PEER_URI_SAN':
      return peer?.uris.join(',');
    case 'DOWNSTREAM_PEER_DNS_SAN':
      return peer?.dnsNames.join(',');
    case 'UPSTREAM_CLUSTER':
    case 'UPSTREAM_CLUSTER_RAW':
      return facts.cluster;
    case 'REQ':
    case 'REQUEST_HEADER':
      return requestHeader(argument, facts.request);
    case 'PROTOCOL':
      return facts.request && (facts.request.version === 'h2' ? 'HTTP/2' : 'HTTP/1.1');
    default:
      return undefined;
  }
}

function socketText({ address, port }: SocketName): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** `X?Y` is header Y where the request has no X. */
function requestHeader(argument: string, request: HttpRequest | undefined): string | undefined {
  if (!request) return undefined;
  for (const name of argument.split('?')) {
    const value = headerOf(request, name);
    if (value !== undefined) return value;
  }
  return undefined;
}
