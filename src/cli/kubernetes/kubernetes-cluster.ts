import { diagnose, suggest } from '../../diagnostics/index.ts';
import { type ApiServer, connectContext, kubeconfigContexts, readContext } from '../../kubernetes-api/index.ts';
import { diagnosedError } from '../cli-error.ts';
import type { CommandCall } from '../command-spec.ts';

/** A Kubernetes cluster that a command speaks to. */
export interface KubernetesCluster {
  /** The context of the kubeconfig. */
  readonly context: string;
  readonly api: ApiServer;
  /** Where the command goes unless it says so: `-n`, else that of the context, else `default`. */
  readonly namespace: string;
  /** Where istiod is. */
  readonly istioNamespace: string;
  readonly revision: string | undefined;
  /** The address that the kubeconfig has for it, and who may have signed its certificate (PEM). */
  readonly server: string;
  readonly ca: string | undefined;
}

type Call = Pick<CommandCall, 'options' | 'env'>;

/**
 * The cluster of `--context`, else of the kubeconfig's current one.
 * @throws {CliError} where there is no such context; nothing is asked of the cluster yet.
 */
export async function connectKubernetes({ options, env }: Call): Promise<KubernetesCluster> {
  const file = options.text('kubeconfig');
  const wanted = options.text('context');
  const where = { ...(file === undefined ? {} : { file }), ...(wanted === undefined ? {} : { context: wanted }) };
  const details = await readContext(where);
  if (!details) {
    const { names, current } = await kubeconfigContexts(file);
    const place = file || env['KUBECONFIG'] || '~/.kube/config';
    if (names.length === 0) throw diagnosedError(diagnose('PEL7101', { place }));
    const context = wanted ?? current;
    const parameters = { context, suggestion: suggest(context, names), contexts: names.join(', ') };
    throw diagnosedError(diagnose('PEL7102', parameters));
  }
  return {
    context: details.name,
    api: await connectContext(where),
    namespace: options.text('namespace') ?? details.namespace ?? 'default',
    istioNamespace: options.text('istioNamespace') ?? 'istio-system',
    revision: options.text('revision'),
    server: details.server,
    ca: details.ca,
  };
}
