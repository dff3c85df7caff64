import { ObjectStore } from '../../config/index.ts';
import { diagnose, suggest } from '../../diagnostics/index.ts';
import { type ClusterId, parseClusterId } from '../../model/index.ts';
import { ISTIO_KIND_NAMES, readObjects } from '../analysis/read-objects.ts';
import { diagnosedError, usageError } from '../cli-error.ts';
import type { RunCommand } from '../command-spec.ts';
import { describePod, describeService, type Surroundings } from '../describe/describe-pod.ts';
import { connectKubernetes, type KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';
import { findPods } from '../kubernetes/pods.ts';

const POD_WORDS = ['pod', 'po', 'pods'];
const SERVICE_WORDS = ['service', 'svc', 'services'];

export const run: RunCommand = async (call) => {
  const { args, options, terminal } = call;
  const [kind = '', given = ''] = args.length > 1 ? args : (args[0] ?? '').split('/');
  if (given === '' || ![...POD_WORDS, ...SERVICE_WORDS].includes(kind)) {
    throw usageError(
      `"${args.join(' ')}" cannot be described`,
      'Write `describe pod NAME` or `describe service NAME`.',
    );
  }
  const cluster = await connectKubernetes(call);
  const hasNamespace = options.text('namespace') !== undefined;
  const lines = SERVICE_WORDS.includes(kind)
    ? await serviceLines(cluster, given, hasNamespace)
    : await podLines(cluster, given, hasNamespace);
  terminal.out(`${lines.join('\n')}\n`);
  return 0;
};

async function podLines(cluster: KubernetesCluster, name: string, hasNamespace: boolean): Promise<readonly string[]> {
  const [pod] = await findPods(cluster, name, hasNamespace);
  return describePod(pod, await surroundings(cluster, pod?.metadata.namespace ?? cluster.namespace));
}

async function serviceLines(
  cluster: KubernetesCluster,
  text: string,
  hasNamespace: boolean,
): Promise<readonly string[]> {
  const [name = '', ...rest] = hasNamespace ? [text] : text.split('.');
  const namespace = rest[0] ?? cluster.namespace;
  const around = await surroundings(cluster, namespace);
  const service = around.objects.find('Service', namespace, name);
  if (service) return describeService(service, around);
  const names = around.objects.ofKind('Service').map(({ ref }) => ref.name);
  const why = names.length > 0 ? `Its Services are: ${names.join(', ')}.` : 'It has no Services at all.';
  const { context } = cluster;
  const parameters = { what: `Service ${name}`, namespace, context, why, suggestion: suggest(name, names) };
  throw diagnosedError(diagnose('PEL7110', parameters));
}

/** Rules of all namespaces, and the Services of one. */
async function surroundings(
  { api, context, istioNamespace }: KubernetesCluster,
  namespace: string,
): Promise<Surroundings> {
  const cluster = parseClusterId(context) ?? ('local' as ClusterId);
  const [rules, services] = await Promise.all([
    readObjects(api, { cluster, kinds: ISTIO_KIND_NAMES }),
    readObjects(api, { cluster, kinds: ['Service'], namespace }),
  ]);
  const objects = new ObjectStore();
  objects.apply({ set: [...rules, ...services], deleted: [] });
  return { objects, rootNamespace: istioNamespace };
}
