/** The parts of a URL that rules ask for. */
export interface Url {
  /** In lower case; empty where the URL is only an absolute path. */
  readonly scheme: string;
  /** With the port. */
  readonly host: string;
}

/**
 * Reads a URL as Kubernetes' rules and Istio do (Go's url.ParseRequestURI): absolute, or an absolute path.
 * @returns undefined where the text is no such URL.
 */
export function parseUrl(text: string): Url | undefined {
  if (text === '' || hasSpaceOrControl(text) || /%(?![0-9A-Fa-f]{2})/.test(text)) return undefined;
  if (text.startsWith('/')) return { scheme: '', host: '' };
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):(.*)$/s.exec(text);
  if (!match) return undefined;
  const [, scheme = '', rest = ''] = match;
  if (!rest.startsWith('/')) return undefined;
  const authority = rest.startsWith('//') ? (/^\/\/([^/?#]*)/.exec(rest)?.[1] ?? '') : '';
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  if (!/^(\[[0-9A-Fa-f:.%]+\]|[^[\]:<>"{}|\\^`]*)(:\d*)?$/.test(host)) return undefined;
  return { scheme: scheme.toLowerCase(), host };
}

function hasSpaceOrControl(text: string): boolean {
  return [...text].some((character) => character <= ' ' || character === '\u007f');
}
