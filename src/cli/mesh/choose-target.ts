import { diagnose } from '../../diagnostics/index.ts';
import { statePathsOf } from '../../embedded/state-api.ts';
import { diagnosedError } from '../cli-error.ts';
import type { CommandCall } from '../command-spec.ts';
import { listFleets } from '../find-fleet.ts';
import { FleetClient } from '../fleet-client.ts';
import type { MeshTarget } from './mesh-target.ts';

/** How long a fleet may take to say which clusters it has. */
const ASK_MS = 2_000;

/** Where a command goes. */
export type TargetKind = 'fleet' | 'kubernetes';

/**
 * `--fleet` means a fleet. `--kubeconfig`, or the name istioctl, means Kubernetes. Else a running fleet is meant, unless
 * `--context` names none of its clusters; and Kubernetes where no fleet runs.
 */
export async function chooseTarget({
  program,
  options,
  env,
}: Pick<CommandCall, 'program' | 'options' | 'env'>): Promise<TargetKind> {
  if (options.text('fleet') !== undefined) return 'fleet';
  if (program === 'istioctl' || options.text('kubeconfig') !== undefined) return 'kubernetes';
  const running = listFleets(env).filter((fleet) => fleet.isRunning);
  if (running.length === 0) return 'kubernetes';
  const context = options.text('context');
  if (context === undefined) return 'fleet';
  const clusters = await Promise.all(
    running.map(async ({ stateFolder }) => {
      const status = await new FleetClient(statePathsOf(stateFolder).controlSocket)
        .status(ASK_MS)
        .catch(() => undefined);
      return status?.clusters.map(({ name }) => name) ?? [];
    }),
  );
  if (clusters.flat().includes(context)) return 'fleet';
  const { kubeconfigContexts } = await import('../../kubernetes-api/index.ts');
  const contexts = await kubeconfigContexts().catch(() => undefined);
  // Neither has it: the fleet says which clusters there are.
  return contexts?.names.includes(context) ? 'kubernetes' : 'fleet';
}

/** What a command asks. Only the code of the one that is chosen is loaded. */
export async function connectMesh(call: CommandCall): Promise<MeshTarget> {
  if ((await chooseTarget(call)) === 'fleet') return (await import('./fleet-target.ts')).fleetTarget(call);
  return await (await import('./kubernetes-target.ts')).kubernetesTarget(call);
}

/**
 * Ends a command that only a fleet has, where it was sent to Kubernetes in so many words.
 * @param kubectl what does the same there.
 * @throws {CliError} with that command.
 */
export function requireFleet({ program, options }: Pick<CommandCall, 'program' | 'options'>, kubectl: string): void {
  if (options.text('fleet') !== undefined) return;
  const isKubernetes = program === 'istioctl' || options.text('kubeconfig') !== undefined;
  if (!isKubernetes) return;
  const [verb = ''] = kubectl.split(' ');
  const target = program === 'istioctl' ? 'istioctl speaks to Kubernetes' : '--kubeconfig means Kubernetes';
  throw diagnosedError(diagnose('PEL7107', { command: `${program} ${verb}`, target, kubectl }));
}
