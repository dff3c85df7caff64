import { readFileSync } from 'node:fs';
import { statePathsOf } from '../../embedded/state-api.ts';
import { ENVOY_VERSION } from '../../proxies/index.ts';
import type { RunCommand } from '../command-spec.ts';
import { listFleets } from '../find-fleet.ts';
import { FleetClient } from '../fleet-client.ts';
import { formatStructured, structuredFormat } from '../output/structured.ts';

interface RunningFleet {
  readonly dir: string;
  readonly proxies: number;
  /** The versions of Envoy among its proxies, sorted. */
  readonly envoy: readonly string[];
}

export const run: RunCommand = async ({ options, terminal, env }) => {
  const fleets = await Promise.all(
    listFleets(env)
      .filter((fleet) => fleet.isRunning)
      .map(({ dir, stateFolder }) => describeFleet(dir, statePathsOf(stateFolder).controlSocket)),
  );
  const versions = { pelagos: ownVersion(), envoy: ENVOY_VERSION, node: process.version.slice(1), fleets };
  const format = structuredFormat(options.text('output'));
  if (format) {
    terminal.out(await formatStructured(versions, format));
    return 0;
  }
  terminal.out(
    `pelagos ${versions.pelagos}\nenvoy   ${versions.envoy} (the one it is made for)\nnode    ${versions.node}\n`,
  );
  for (const { dir, proxies, envoy } of fleets) {
    terminal.out(`fleet   ${dir}: ${proxies} proxies${envoy.length > 0 ? ` with envoy ${envoy.join(', ')}` : ''}\n`);
  }
  return 0;
};

function ownVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

async function describeFleet(dir: string, socket: string): Promise<RunningFleet> {
  const proxies = await new FleetClient(socket).proxies().catch(() => []);
  return { dir, proxies: proxies.length, envoy: [...new Set(proxies.map((proxy) => proxy.version))].sort() };
}
