import { kubeconfigContexts } from '../../kubernetes-api/index.ts';
import { usageError } from '../cli-error.ts';
import type { CommandCall, RunCommand } from '../command-spec.ts';
import { hintOf, isGood, type Measurement } from '../connectivity/measurement.ts';
import {
  awaitProbe,
  type Caller,
  callerOf,
  makeProbe,
  measure,
  type Probe,
  planProbe,
  removeProbe,
} from '../connectivity/probe.ts';
import { connectKubernetes, type KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';
import { containersOf, findPods } from '../kubernetes/pods.ts';
import { textAt } from '../objects/body.ts';
import { formatStructured, structuredFormat } from '../output/structured.ts';
import { formatTable } from '../output/table.ts';
import { styled } from '../output/terminal.ts';

interface Pair {
  readonly from: string;
  readonly to: string;
  readonly measurement: Measurement;
  readonly good: boolean;
}

export const run: RunCommand = async (call) => {
  const { options, terminal, now } = call;
  const clusters = await chooseClusters(call);
  const probes = await Promise.all(clusters.map(planProbe));
  const from = options.text('from');
  const callers = from === undefined ? probes.map(callerOf) : [await readCaller(call, from)];
  const untilMs = now() + (options.number('timeout') ?? 90_000);
  terminal.err(`Making a pod in ${probes.map(({ spec }) => spec.cluster).join(', ')} …\n`);
  const pairs = await withProbes(probes, async () => {
    await Promise.all(probes.map((probe) => awaitProbe(probe, untilMs)));
    return await measureAll(call, callers, probes);
  });
  const format = structuredFormat(options.text('output'));
  if (format) terminal.out(await formatStructured(pairs, format));
  else print(call, pairs);
  return pairs.every(({ good }) => good) ? 0 : 1;
};

/** `--contexts`, else all contexts of the kubeconfig that are not the same cluster twice. */
async function chooseClusters({ options, env }: CommandCall): Promise<readonly KubernetesCluster[]> {
  const given = options.list('contexts').flatMap((each) => each.split(','));
  const names = given.length > 0 ? given : (await kubeconfigContexts(options.text('kubeconfig'))).names;
  const context = options.text('context');
  const chosen = names.length === 0 ? [context] : names;
  const clusters = await Promise.all(
    chosen.map((name) => connectKubernetes({ env, options: options.with({ context: name }) })),
  );
  return clusters.filter(({ server }, index) => clusters.findIndex((each) => each.server === server) === index);
}

/** Reads `CONTEXT/NAMESPACE/WORKLOAD`: `cluster1/default/deployment/web`, `cluster1/default/web-1`. */
async function readCaller({ options, env }: CommandCall, text: string): Promise<Caller> {
  const [context = '', namespace = '', ...workload] = text.split('/');
  if (workload.length === 0 || workload.length > 2 || namespace === '') {
    throw usageError(
      `"${text}" names no workload`,
      'Write `--from CONTEXT/NAMESPACE/deployment/NAME` or CONTEXT/NAMESPACE/POD.',
    );
  }
  const cluster = await connectKubernetes({ env, options: options.with({ context, namespace }) });
  const [pod] = await findPods(cluster, workload.join('/'), true);
  const container = containersOf(pod)
    .map((each) => textAt(each, 'name'))
    .filter((name) => !name.startsWith('istio-'))[0];
  const name = pod?.metadata.name ?? '';
  return { context: cluster, namespace, pod: name, container: container ?? '', name: text };
}

/** Makes the probes. Whatever happens, also Ctrl-C, what was made is removed, and what is being made then too. */
async function withProbes<T>(probes: readonly Probe[], work: () => Promise<T>): Promise<T> {
  const made = probes.map(makeProbe);
  const remove = async (): Promise<void> => {
    await Promise.allSettled(made);
    await Promise.allSettled(probes.map(removeProbe));
  };
  const interrupted = Promise.withResolvers<never>();
  const stop = (): void => interrupted.reject(usageError('it was interrupted', 'Run it again.'));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    return await Promise.race([Promise.all(made).then(work), interrupted.promise]);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    await remove();
    for (const { context } of probes) context.api.close();
  }
}

async function measureAll(
  { terminal }: CommandCall,
  callers: readonly Caller[],
  probes: readonly Probe[],
): Promise<readonly Pair[]> {
  const pairs: Pair[] = [];
  for (const caller of callers) {
    for (const probe of probes) {
      const to = probe.spec.cluster;
      if (terminal.isInteractive) terminal.err(`${caller.name} → ${to} …\n`);
      const measurement = await measure(caller, probe);
      pairs.push({ from: caller.name, to, measurement, good: isGood(measurement, to) });
    }
  }
  return pairs;
}

function print({ terminal }: CommandCall, pairs: readonly Pair[]): void {
  const sign = (isOk: boolean): string => (isOk ? styled(terminal, 'green', '✔') : styled(terminal, 'red', '✘'));
  const rows = pairs.map(({ from, to, measurement: { name, tcp, status, identity, latencyMs } }) => [
    from,
    to,
    sign(name),
    sign(tcp),
    sign(status === 200),
    sign(identity !== ''),
    identity || '-',
    latencyMs === undefined ? '-' : `${latencyMs.toFixed(1)} ms`,
  ]);
  terminal.out(
    formatTable([['FROM', 'TO', 'NAME', 'TCP', 'HTTP', 'MTLS', 'IDENTITY OF THE CALLER', 'LATENCY'], ...rows]),
  );
  for (const { from, to, measurement, good } of pairs) {
    if (good) continue;
    const problem =
      measurement.problem || (measurement.identity === '' ? 'no identity came with it' : 'another cluster answered');
    terminal.out(`\n${styled(terminal, 'red', `${from} → ${to}`)}: ${problem}\n    hint: ${hintOf(measurement, to)}\n`);
  }
  terminal.err(
    '\nMeasured by HTTP requests of pods with a proxy. NAME: the cluster’s DNS gives an address. TCP: the proxy of the caller takes the connection. HTTP: the pod in the other cluster answers. MTLS and IDENTITY: what the proxy of that pod has verified of the caller. LATENCY: median of five requests on open connections.\n',
  );
}
