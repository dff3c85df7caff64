import type { SocketAddress } from '../../model/index.ts';

/** The lines of the control plane in a Corefile stand between these; all others are somebody else's and stay as they are. */
const BEGIN = '# pelagos: begin (kept by istiod; changes between these lines are lost)';
const BEGIN_MARK = /^\s*# pelagos: begin\b/;
const END = '# pelagos: end';
const END_MARK = /^\s*# pelagos: end\b/;

/** Where the cluster's DNS server gets what it says of a zone. */
export type ZoneSource =
  /** It asks the control plane, at the address of its DNS Service, and serves what it last heard while that is away. */
  | { readonly kind: 'forward'; readonly to: SocketAddress }
  /** The answers themselves: directives that stand in a server block. */
  | { readonly kind: 'inline'; readonly directives: readonly string[] };

export interface CorefileZones {
  readonly zones: readonly string[];
  readonly source: ZoneSource;
}

/** A Corefile that has the zones as one marked part at its end; the same one where it has them already. */
export function withZones(corefile: string, { zones, source }: CorefileZones): string {
  const rest = withoutZones(corefile);
  if (isOneServer(rest)) return rest;
  const taken = new Set(foreignZones(rest));
  const own = zones.filter((zone) => !taken.has(zone));
  if (own.length === 0) return rest;
  const port = portOfRoot(rest);
  const keys = own.map((zone) => `${zone}${port}`).join(' ');
  const lines = ['errors', ...directivesOf(source)].map((line) => `    ${line}`);
  const gap = rest === '' || rest.endsWith('\n') ? '' : '\n';
  return `${rest}${gap}${BEGIN}\n${keys} {\n${lines.join('\n')}\n}\n${END}\n`;
}

/** The Corefile as it was before {@link withZones}, but for a line break at its end. A part without an end is left alone. */
export function withoutZones(corefile: string): string {
  const lines = corefile.split('\n');
  const kept: string[] = [];
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i] ?? '';
    const end = BEGIN_MARK.test(line) ? lines.findIndex((other, at) => at > i && END_MARK.test(other)) : -1;
    if (end < 0) kept.push(line);
    else i = end;
  }
  return kept.join('\n');
}

/** The address that our part of a Corefile asks; undefined where there is no such part, or it has the answers in it. */
export function askedAddress(corefile: string): string | undefined {
  const words = ownLines(corefile)
    .map(tokensOf)
    .find(([word]) => word === 'forward');
  return /^\[?(.*?)\]?:\d+$/.exec(words?.[2] ?? '')?.[1];
}

/** The zones of our part of a Corefile; none where there is no such part. */
export function ownZones(corefile: string): readonly string[] {
  return zonesOf(ownLines(corefile).join('\n'));
}

function ownLines(corefile: string): readonly string[] {
  const lines = corefile.split('\n');
  const begin = lines.findIndex((line) => BEGIN_MARK.test(line));
  const end = lines.findIndex((line, at) => at > begin && END_MARK.test(line));
  return begin < 0 || end < 0 ? [] : lines.slice(begin, end);
}

/** Zones that server blocks of others have: a second block of the same zone would keep the DNS server from starting. */
export function foreignZones(corefile: string): readonly string[] {
  return zonesOf(withoutZones(corefile));
}

function zonesOf(corefile: string): readonly string[] {
  return serverKeys(corefile).map((key) =>
    key
      .replace(/^[a-z]+:\/\//, '')
      .replace(/:\d+$/, '')
      .replace(/(?<=.)\.$/, '')
      .toLowerCase(),
  );
}

function directivesOf(source: ZoneSource): readonly string[] {
  if (source.kind === 'inline') return ['cache 30', ...source.directives];
  const { address, port } = source.to;
  return [
    'cache 30 {',
    // Asks again before it says what may have changed, so that a name that has just been made resolves at once.
    '    serve_stale 1h verify',
    // A failure says that the control plane does not know yet; it is not to be repeated for 5 seconds after it does.
    '    servfail 0',
    '}',
    'loadbalance',
    // Not by UDP: the kernel goes on sending what comes from a port to the pod that it first led to, be it dead.
    `forward . ${address.includes(':') ? `[${address}]` : address}:${port} {`,
    '    force_tcp',
    '}',
  ];
}

/** `:53`, as the server block of the root zone has it: all blocks must be reached at the same port. */
function portOfRoot(corefile: string): string {
  const root = serverKeys(corefile).find((key) => /^(dns:\/\/)?\.(:\d+)?$/.test(key));
  return /:\d+$/.exec(root ?? ':53')?.[0] ?? '';
}

/** What stands before the braces of all blocks that are in no other one. Snippets, `(name) {`, are no servers. */
function serverKeys(corefile: string): readonly string[] {
  const keys: string[] = [];
  let depth = 0;
  let waiting: readonly string[] = [];
  for (const line of corefile.split('\n')) {
    const tokens = tokensOf(line);
    const own = tokens.filter((token) => token !== '{' && token !== '}');
    // Keys go on in the next line after a comma; a brace may stand alone; `import` and the like are lines of their own.
    if (depth === 0 && own.length > 0) waiting = waiting.at(-1)?.endsWith(',') ? [...waiting, ...own] : own;
    for (const token of tokens) {
      if (token === '{') {
        if (depth === 0) keys.push(...waiting);
        depth += 1;
        waiting = [];
      } else if (token === '}') depth = Math.max(depth - 1, 0);
    }
  }
  return keys.flatMap((key) => key.split(',')).filter((key) => key !== '' && !key.startsWith('('));
}

/** A Corefile may be one server without braces; it cannot take another one. */
function isOneServer(corefile: string): boolean {
  const lines = corefile.split('\n').map(tokensOf);
  const [first = [], second = []] = lines.filter(([word]) => word !== undefined && word !== 'import');
  return first.length > 0 && !first.includes('{') && !first.at(-1)?.endsWith(',') && second[0] !== '{';
}

/** Words of a line, without what is in quotes or a comment. */
function tokensOf(line: string): readonly string[] {
  const plain = line.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/(^|\s)#.*$/, '');
  return plain.split(/\s+/).filter((token) => token !== '');
}
