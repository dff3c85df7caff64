import { statePathsOf } from '../../embedded/state-api.ts';
import { kubeconfigContexts } from '../../kubernetes-api/index.ts';
import { ENVOY_VERSION } from '../../proxies/index.ts';
import { formatCliError } from '../cli-error.ts';
import type { CommandCall, RunCommand } from '../command-spec.ts';
import { listFleets } from '../find-fleet.ts';
import { FleetClient } from '../fleet-client.ts';
import { explainError } from '../kubernetes/explain-error.ts';
import { connectKubernetes } from '../kubernetes/kubernetes-cluster.ts';
import { countVersions, type MeshVersions, readMeshVersions } from '../kubernetes/mesh-versions.ts';
import { chooseTarget } from '../mesh/choose-target.ts';
import { formatStructured, structuredFormat } from '../output/structured.ts';
import { ownVersion } from '../own-version.ts';

interface RunningFleet {
  readonly dir: string;
  readonly proxies: number;
  /** The versions of Envoy among its proxies, sorted. */
  readonly envoy: readonly string[];
}

export const run: RunCommand = async (call) => {
  if ((await chooseTarget(call)) === 'fleet') return await printFleets(call);
  const isAsked = call.program === 'istioctl' || call.options.text('context') || call.options.text('kubeconfig');
  return isAsked || (await hasKubeconfig()) ? await printMesh(call) : await printFleets(call);
};

async function hasKubeconfig(): Promise<boolean> {
  const contexts = await kubeconfigContexts().catch(() => undefined);
  return contexts !== undefined && contexts.names.length > 0;
}

async function printFleets({ options, terminal, env }: CommandCall): Promise<number> {
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
  if (options.flag('short')) {
    terminal.out(`${versions.pelagos}\n`);
    return 0;
  }
  terminal.out(
    `pelagos ${versions.pelagos}\nenvoy   ${versions.envoy} (the one it is made for)\nnode    ${versions.node}\n`,
  );
  for (const { dir, proxies, envoy } of fleets) {
    terminal.out(`fleet   ${dir}: ${proxies} proxies${envoy.length > 0 ? ` with envoy ${envoy.join(', ')}` : ''}\n`);
  }
  return 0;
}

/** As istioctl: this program, the control planes, and the Envoys of their proxies. */
async function printMesh(call: CommandCall): Promise<number> {
  const { options, terminal } = call;
  const isLocal = options.isOff('remote');
  const mesh = isLocal ? undefined : await askMesh(call);
  const format = structuredFormat(options.text('output'));
  if (format) {
    const value = {
      clientVersion: { version: ownVersion(), envoy: ENVOY_VERSION },
      ...(mesh ? structuredMesh(mesh) : {}),
    };
    terminal.out(await formatStructured(value, format));
  } else if (isLocal && options.flag('short')) terminal.out(`${ownVersion()}\n`);
  else terminal.out(`client version: ${ownVersion()}\n${mesh ? formatMesh(mesh) : ''}`);
  return isLocal || mesh ? 0 : 1;
}

/** Undefined where there is no mesh: said on the error output, for the client's version is wanted all the same. */
async function askMesh(call: CommandCall): Promise<MeshVersions | undefined> {
  try {
    return await readMeshVersions(await connectKubernetes(call));
  } catch (error) {
    const told = explainError(error);
    if (!told) throw error;
    call.terminal.err(formatCliError(told));
    return undefined;
  }
}

function structuredMesh({ controlPlanes, proxies }: MeshVersions): Readonly<Record<string, unknown>> {
  return {
    meshVersion: controlPlanes.map(({ pod, revision, version }) => ({
      Component: 'pilot',
      Pod: pod,
      Revision: revision,
      Info: { version },
    })),
    dataPlaneVersion: proxies.map(({ id, version }) => ({ ID: id, EnvoyVersion: version })),
  };
}

function formatMesh({ controlPlanes, proxies }: MeshVersions): string {
  const versions = [...new Set(controlPlanes.map(({ version }) => version))].sort();
  const [only] = versions;
  const lines =
    versions.length === 1
      ? [`control plane version: ${only}`]
      : controlPlanes.map(({ pod, version }) => `control plane version of ${pod}: ${version}`);
  return [...lines, `data plane version: envoy ${countVersions(proxies.map(({ version }) => version))}`, ''].join('\n');
}

async function describeFleet(dir: string, socket: string): Promise<RunningFleet> {
  const proxies = await new FleetClient(socket).proxies().catch(() => []);
  return { dir, proxies: proxies.length, envoy: [...new Set(proxies.map((proxy) => proxy.version))].sort() };
}
