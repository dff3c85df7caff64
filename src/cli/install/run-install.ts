import { diagnose } from '../../diagnostics/index.ts';
import { type InstallValues, install } from '../../install/index.ts';
import { ApiError } from '../../kubernetes-api/index.ts';
import { diagnosedError } from '../cli-error.ts';
import type { CommandCall } from '../command-spec.ts';
import { explainApiError } from '../kubernetes/explain-error.ts';
import { connectKubernetes, type KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';
import { canAsk, confirm } from '../output/confirm.ts';
import { planRemote } from './join-primary.ts';
import { InstallProgress } from './progress.ts';
import { readValues, told } from './read-values.ts';
import { refuseOlder } from './versions.ts';

/** Installs by the values of a command line. @returns the exit code. */
export async function runInstall(call: CommandCall): Promise<number> {
  const { options, terminal } = call;
  const cluster = await connectKubernetes(call);
  const isDryRun = options.flag('dryRun');
  const progress = new InstallProgress(terminal, isDryRun);
  try {
    const values = await readValues(call, cluster.context);
    if (!options.flag('force')) await refuseOlder(cluster, values);
    if (!isDryRun && !(await isAgreed(call, question(values, cluster)))) return 1;
    await apply({ call, cluster, values, progress });
    terminal.out(isDryRun ? 'Nothing was changed: this was a dry run.\n' : closing(values));
    return 0;
  } catch (error) {
    const known = told(error);
    throw known instanceof ApiError ? explainApiError(known) : known;
  } finally {
    cluster.api.close();
  }
}

interface Work {
  readonly call: CommandCall;
  readonly cluster: KubernetesCluster;
  readonly values: InstallValues;
  readonly progress: InstallProgress;
}

async function apply({ call, cluster, values, progress }: Work): Promise<void> {
  const isDryRun = call.options.flag('dryRun');
  const readinessTimeoutMs = call.options.number('readinessTimeout') ?? 300_000;
  const remote = await planRemote({ call, cluster, values, progress, timeoutMs: readinessTimeoutMs });
  try {
    await install(cluster.api, values, {
      isDryRun,
      readinessTimeoutMs,
      onEvent: progress.onEvent,
      ...(remote ? { pilotAddress: remote.pilotAddress } : {}),
      ...(remote?.primaryCluster ? { primaryCluster: remote.primaryCluster } : {}),
      ...(remote?.joinPrimary ? { joinPrimary: remote.joinPrimary } : {}),
    });
    if (!isDryRun) await remote?.awaitNames?.();
  } finally {
    remote?.close();
  }
}

/** Says yes where `-y` does. @throws {CliError} where there is nobody to ask. */
export async function isAgreed({ options, terminal }: CommandCall, text: string): Promise<boolean> {
  if (options.flag('skipConfirmation')) return true;
  if (!canAsk(terminal)) {
    throw diagnosedError(diagnose('PEL8013', { cluster: 'the cluster' }));
  }
  if (await confirm(text)) return true;
  terminal.err('Nothing was changed.\n');
  return false;
}

function question(values: InstallValues, { context }: KubernetesCluster): string {
  const parts = [
    ...(values.hasBase ? ['Istio core'] : []),
    ...(values.hasPilot ? ['Istiod'] : []),
    ...(values.gateways.some(({ kind }) => kind !== 'egress') ? ['Ingress gateways'] : []),
    ...(values.gateways.some(({ kind }) => kind === 'egress') ? ['Egress gateways'] : []),
  ];
  const what = `the "${values.profile}" profile (with components: ${parts.join(', ') || 'none'})`;
  const how = values.role.kind === 'remote' ? ', to be served by the control plane of another cluster' : '';
  return `This will install ${what} into the cluster of context ${context}${how}. Proceed?`;
}

function closing({ revision }: InstallValues): string {
  const label = revision === '' ? 'istio-injection=enabled' : `istio.io/rev=${revision}`;
  return `✔ Installation complete\nPods of a namespace get a proxy after: kubectl label namespace NAME ${label}\n`;
}
