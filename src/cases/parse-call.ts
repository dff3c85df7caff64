import type { CaseCall } from './case.ts';

/** The part of a call that its one line says. */
export type CallLine = Pick<CaseCall, 'method' | 'scheme' | 'host' | 'port' | 'path'>;

/** What a call's line looks like, for messages. */
export const CALL_FORM = 'METHOD http://host[:port][/path], or tcp://host:port';

const LINE = /^(?:([A-Z]{3,10}) )?(https?|tcp):\/\/(\[[0-9a-fA-F:.]+\]|[^\s/:?#[\]]+)(?::(\d{1,5}))?((?:[/?]\S*)?)$/;

/** `GET http://service.cluster2/path`: GET and the scheme's own port unless written. @returns undefined for other texts. */
export function parseCall(text: string): CallLine | undefined {
  const match = LINE.exec(text.trim());
  if (!match) return undefined;
  const [, method = 'GET', scheme, host = '', port, rest = ''] = match;
  if (scheme !== 'http' && scheme !== 'https' && scheme !== 'tcp') return undefined;
  const number = port === undefined ? defaultPort(scheme) : Number(port);
  if (number === undefined || number < 1 || number > 65_535) return undefined;
  return { method, scheme, host, port: number, path: rest.startsWith('/') ? rest : `/${rest}` };
}

/** `GET http://service.cluster2/path`, as {@link parseCall} reads it. */
export function formatCall(call: CallLine): string {
  const port = call.port === defaultPort(call.scheme) ? '' : `:${call.port}`;
  const line = `${call.scheme}://${call.host}${port}`;
  return call.scheme === 'tcp' ? line : `${call.method} ${line}${call.path}`;
}

/** The Host header: with the port, unless it is the scheme's own (RFC 9110, section 7.2). */
export function authorityOf(call: CallLine): string {
  return call.port === defaultPort(call.scheme) ? call.host : `${call.host}:${call.port}`;
}

function defaultPort(scheme: CallLine['scheme']): number | undefined {
  return scheme === 'http' ? 80 : scheme === 'https' ? 443 : undefined;
}
