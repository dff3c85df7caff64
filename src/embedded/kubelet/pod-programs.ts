import { join } from 'node:path';
import type { PodView } from '../controllers/pod-view.ts';
import type { PodSockets } from '../network/pod-network.ts';
import { type ContainerPlan, planContainers } from './app-plan.ts';
import type { AppSpec } from './app-worker.ts';
import { baseEnvironment, echoEnvironment, portEnvironment } from './container-environment.ts';
import { environmentOf } from './environment.ts';
import type { KubeletContext } from './kubelet-context.ts';
import { readinessCheckOf } from './readiness.ts';

/** What a pod's containers are on this machine, or what stands in their way. */
export type PodPrograms =
  | { readonly kind: 'ready'; readonly apps: readonly AppSpec[] }
  | { readonly kind: 'missing'; readonly problem: string };

/** Kubernetes' default for terminationGracePeriodSeconds. */
export const DEFAULT_GRACE_MS = 30_000;

/** The programs of a pod. A gateway has none: it is an Envoy and nothing else. */
export function programsOf(pod: PodView, sockets: PodSockets, context: KubeletContext): PodPrograms {
  if (pod.proxy === 'gateway') return { kind: 'ready', apps: [] };
  const apps: AppSpec[] = [];
  for (const plan of planContainers(pod, sockets, context.images)) {
    const found = appOf(plan, { pod, sockets, context });
    if (typeof found === 'string') return { kind: 'missing', problem: found };
    apps.push(found);
  }
  return { kind: 'ready', apps };
}

/** The environment that `exec` and the first container have. */
export function podEnvironment(
  pod: PodView,
  sockets: PodSockets,
  context: KubeletContext,
): Readonly<Record<string, string>> {
  const [plan] = pod.proxy === 'gateway' ? [] : planContainers(pod, sockets, context.images);
  const base = baseEnvironment(context.env, sockets);
  if (!plan) return base;
  const found = resolve(plan, { pod, sockets, context });
  return typeof found === 'string' ? base : found;
}

interface Surroundings {
  readonly pod: PodView;
  readonly sockets: PodSockets;
  readonly context: KubeletContext;
}

function resolve(
  plan: ContainerPlan,
  { pod, sockets, context }: Surroundings,
): Readonly<Record<string, string>> | string {
  const { store, cluster } = context;
  const found = environmentOf(plan.container, {
    pod,
    address: sockets.address,
    configMap: (name) => store.get('ConfigMap', pod.namespace, name),
    secret: (name) => store.get('Secret', pod.namespace, name),
  });
  if (found.kind === 'missing') return found.problem;
  return {
    ...baseEnvironment(context.env, sockets),
    ...echoEnvironment(cluster.name, pod, plan.program.kind === 'echo' ? plan.ports : []),
    ...portEnvironment(plan.ports),
    ...found.env,
  };
}

/** @returns a text where something is missing. */
function appOf(plan: ContainerPlan, surroundings: Surroundings): AppSpec | string {
  const { pod, context } = surroundings;
  const name = plan.container.name;
  const endsAtOnce = pod.owner?.kind === 'Job';
  if (plan.program.kind === 'none') return { name, endsAtOnce };
  const env = resolve(plan, surroundings);
  if (typeof env === 'string') return env;
  const argv = plan.program.kind === 'echo' ? [process.execPath, context.echoMain] : plan.program.argv;
  const [command = '', ...args] = argv;
  const check = readinessCheckOf(plan.probe, plan.ports);
  return {
    name,
    endsAtOnce: false,
    ...(check ? { check } : {}),
    process: {
      name: `${context.cluster.name}/${pod.namespace}/${pod.name}/${plan.logName}`,
      command,
      args,
      env,
      cwd: context.workingDir,
      logFile: join(podLogFolder(context, pod), `${plan.logName}.log`),
      restart: restartOf(pod),
    },
  };
}

function restartOf({ spec, owner }: PodView): 'always' | 'on-failure' | 'never' {
  switch (spec.restartPolicy) {
    case 'Never':
      return 'never';
    case 'OnFailure':
      return 'on-failure';
    default:
      return owner?.kind === 'Job' ? 'on-failure' : 'always';
  }
}

/** `logs/<cluster>/<namespace>/<pod>`. */
export function podLogFolder({ paths, cluster }: KubeletContext, pod: Pick<PodView, 'namespace' | 'name'>): string {
  return join(paths.logs, cluster.name, pod.namespace, pod.name);
}

/** How long a pod may take to end. */
export function graceOf({ spec }: PodView): number {
  const seconds = spec.terminationGracePeriodSeconds;
  return seconds === undefined ? DEFAULT_GRACE_MS : Math.max(seconds, 0) * 1000;
}
