import type { TypeStatus } from '../../embedded/fleet-api.ts';
import { notFoundError } from '../cli-error.ts';
import type { CommandCall, RunCommand } from '../command-spec.ts';
import { connectMesh } from '../mesh/choose-target.ts';
import type { MeshProxy } from '../mesh/mesh-target.ts';
import { formatAge } from '../output/duration.ts';
import { formatStructured, structuredFormat } from '../output/structured.ts';
import { formatTable } from '../output/table.ts';
import { type Style, styled, type Terminal } from '../output/terminal.ts';
import { formatRefusals } from '../up/changes.ts';

/** istioctl's order; types beyond these follow by name. */
const FIRST_TYPES = ['CDS', 'LDS', 'EDS', 'RDS', 'VHDS', 'SDS', 'ECDS'];
const STYLES: Readonly<Record<TypeStatus['state'], Style>> = {
  SYNCED: 'green',
  STALE: 'yellow',
  NACKED: 'red',
  'NOT SENT': 'dim',
};

export const run: RunCommand = async (call) => {
  const { args, options, terminal } = call;
  const [wanted] = args;
  const mesh = await connectMesh(call);
  const proxies = await mesh.proxies(wanted);
  if (wanted !== undefined && proxies.length === 0) {
    throw notFoundError(
      `no connected proxy is ${wanted}`,
      `${(await mesh.proxies()).length} proxies are connected.`,
      `See all of them with \`${call.program} proxy-status\`.`,
    );
  }
  const format = structuredFormat(options.text('output'));
  if (format) terminal.out(await formatStructured(proxies, format));
  else if (wanted === undefined) printAll(proxies, terminal);
  else for (const proxy of proxies) printOne(proxy, call);
  return proxies.some((proxy) => Object.values(proxy.types).some(({ state }) => state === 'NACKED')) ? 1 : 0;
};

function printAll(proxies: readonly MeshProxy[], terminal: Terminal): void {
  if (proxies.length === 0) terminal.err('No proxy is connected to a control plane.\n');
  const present = new Set(proxies.flatMap((proxy) => Object.keys(proxy.types)));
  const types = [...FIRST_TYPES, ...[...present].sort()].filter(
    (type, index, all) => present.has(type) && all.indexOf(type) === index,
  );
  const rows = proxies
    .map((proxy) => [
      `${proxy.pod}.${proxy.namespace}`,
      proxy.cluster,
      ...types.map((type) => formatState(proxy.types[type]?.state ?? 'NOT SENT', terminal)),
      proxy.istiod,
      proxy.version,
    ])
    .sort((a, b) => (`${a[1]} ${a[0]}` < `${b[1]} ${b[0]}` ? -1 : 1));
  if (rows.length > 0) terminal.out(formatTable([['NAME', 'CLUSTER', ...types, 'ISTIOD', 'VERSION'], ...rows]));
  for (const line of formatRefusals(proxies)) terminal.out(`\n${styled(terminal, 'red', line)}\n`);
}

function formatState(state: TypeStatus['state'], terminal: Terminal): string {
  return styled(terminal, STYLES[state], state);
}

function printOne(proxy: MeshProxy, { terminal, now }: CommandCall): void {
  const connected = formatAge(now() - proxy.connectedAtMs);
  terminal.out(
    `${proxy.pod}.${proxy.namespace} of ${proxy.cluster}: envoy ${proxy.version}, connected to ${proxy.istiod} for ${connected}\n\n`,
  );
  const rows = Object.entries(proxy.types).map(([type, { state, resources, lastAckAtMs }]) => [
    type,
    formatState(state, terminal),
    String(resources),
    lastAckAtMs === undefined ? 'never' : `${formatAge(now() - lastAckAtMs)} ago`,
  ]);
  terminal.out(formatTable([['TYPE', 'STATE', 'RESOURCES', 'LAST ACK'], ...rows]));
  for (const line of formatRefusals([proxy])) terminal.out(`\n${styled(terminal, 'red', line)}\n`);
  terminal.out('\n');
}
