import type { ProxyStatus, TypeStatus } from '../../embedded/fleet-api.ts';
import { notFoundError } from '../cli-error.ts';
import type { CommandCall, RunCommand } from '../command-spec.ts';
import { connectFleet } from '../find-fleet.ts';
import type { FleetClient } from '../fleet-client.ts';
import { formatAge } from '../output/duration.ts';
import { formatStructured, structuredFormat } from '../output/structured.ts';
import { formatTable } from '../output/table.ts';
import { type Style, styled, type Terminal } from '../output/terminal.ts';
import { parseTarget } from '../target.ts';
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
  const { options, terminal } = call;
  const client = connectFleet(call);
  const proxies = await chooseProxies(client, call);
  const format = structuredFormat(options.text('output'));
  if (format) terminal.out(await formatStructured(proxies, format));
  else if (call.args[0] === undefined) printAll(proxies, terminal);
  else for (const proxy of proxies) printOne(proxy, call);
  return proxies.some((proxy) => Object.values(proxy.types).some(({ state }) => state === 'NACKED')) ? 1 : 0;
};

/** Those of `--context` and `-n` where they are given, and of `[proxy]`. */
async function chooseProxies(client: FleetClient, { args, options }: CommandCall): Promise<readonly ProxyStatus[]> {
  const context = options.text('context');
  const namespace = options.text('namespace');
  const all = (await client.proxies()).filter(
    (proxy) =>
      (context === undefined || proxy.cluster === context) &&
      (namespace === undefined || proxy.namespace === namespace),
  );
  const [wanted] = args;
  if (wanted === undefined) return all;
  const target = parseTarget(wanted);
  const owned = target.kind === 'owner' ? await podsOf(client, target.owner) : [];
  const chosen = all.filter((proxy) => {
    if (target.kind === 'owner') return owned.includes(`${proxy.cluster}/${proxy.namespace}/${proxy.pod}`);
    return [proxy.id, proxy.pod, `${proxy.pod}.${proxy.namespace}`].includes(target.name);
  });
  if (chosen.length > 0) return chosen;
  throw notFoundError(
    `no connected proxy is ${wanted}`,
    `${all.length} proxies are connected.`,
    'See all of them with `pelagos proxy-status`.',
  );
}

async function podsOf(client: FleetClient, owner: string): Promise<readonly string[]> {
  const { clusters } = await client.status();
  return clusters.flatMap((cluster) =>
    cluster.pods.filter((pod) => pod.owner === owner).map((pod) => `${cluster.name}/${pod.namespace}/${pod.name}`),
  );
}

function printAll(proxies: readonly ProxyStatus[], terminal: Terminal): void {
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
      `istiod.${proxy.controlPlane}`,
      proxy.version,
    ])
    .sort((a, b) => (`${a[1]} ${a[0]}` < `${b[1]} ${b[0]}` ? -1 : 1));
  if (rows.length > 0) terminal.out(formatTable([['NAME', 'CLUSTER', ...types, 'ISTIOD', 'VERSION'], ...rows]));
  for (const line of formatRefusals(proxies)) terminal.out(`\n${styled(terminal, 'red', line)}\n`);
}

function formatState(state: TypeStatus['state'], terminal: Terminal): string {
  return styled(terminal, STYLES[state], state);
}

function printOne(proxy: ProxyStatus, { terminal, now }: CommandCall): void {
  const connected = formatAge(now() - proxy.connectedAtMs);
  terminal.out(
    `${proxy.pod}.${proxy.namespace} of ${proxy.cluster}: envoy ${proxy.version}, connected to istiod of ${proxy.controlPlane} for ${connected}\n\n`,
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
