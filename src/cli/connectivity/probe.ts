import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { diagnose } from '../../diagnostics/index.ts';
import { execInPod, isNotFound, type KubernetesObject, resourcePath } from '../../kubernetes-api/index.ts';
import { injectionSettings } from '../../proxies/index.ts';
import { whyNot } from '../check/control-plane-checks.ts';
import { CliError, diagnosedError } from '../cli-error.ts';
import type { KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';
import { readValues } from '../kubernetes/mesh-values.ts';
import { hasProxy, isReady } from '../kubernetes/pods.ts';
import { textAt } from '../objects/body.ts';
import { curlCommand, isGood, type Measurement, probeHost, readMeasurement } from './measurement.ts';
import { PROBE_CONTAINER, type ProbeSpec, probePod, probeService } from './probe-objects.ts';

const POLL_MS = 500;
/** A cluster's endpoints reach the others within a second or two. */
const SPREAD_MS = 20_000;
const EXEC_TIMEOUT_MS = 60_000;

/** A cluster that is measured, with what was made in it. */
export interface Probe {
  readonly context: KubernetesCluster;
  readonly spec: ProbeSpec;
}

/** Where requests are sent from. */
export interface Caller {
  readonly context: KubernetesCluster;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** For people: `cluster1`, or `cluster1/shop/deployment/web`. */
  readonly name: string;
}

/** What would be made in a cluster; nothing is made yet. */
export async function planProbe(context: KubernetesCluster): Promise<Probe> {
  const values = await readValues(context);
  const settings = injectionSettings({ values });
  const cluster = textAt(values, 'global', 'multiCluster', 'clusterName') || context.context;
  const name = `pelagos-connectivity-${randomBytes(3).toString('hex')}`;
  const { namespace, revision } = context;
  return { context, spec: { name, namespace, cluster, image: settings.image, revision } };
}

/** Makes the pod and its Service. @throws {CliError} where the pod has no proxy. */
export async function makeProbe({ context: { api, context }, spec }: Probe): Promise<void> {
  const { namespace } = spec;
  await api.send('POST', resourcePath({ apiVersion: 'v1', resource: 'services', namespace }), probeService(spec));
  const pods = resourcePath({ apiVersion: 'v1', resource: 'pods', namespace });
  const pod: KubernetesObject = await api.send('POST', pods, probePod(spec));
  if (!hasProxy(pod)) throw diagnosedError(diagnose('PEL7111', { context, namespace }));
}

/** Waits until the pod answers. @throws {CliError} where it does not come up. */
export async function awaitProbe({ context, spec }: Probe, untilMs: number): Promise<void> {
  const { namespace, name } = spec;
  const path = resourcePath({ apiVersion: 'v1', resource: 'pods', namespace, name });
  for (;;) {
    const pod: KubernetesObject = await context.api.get(path);
    if (isReady(pod)) return;
    if (Date.now() > untilMs) {
      throw new CliError({
        code: 'probe',
        what: `the pod ${spec.name} of ${context.context} does not become ready (${whyNot(pod)})`,
        why: `It runs the image ${spec.image} to measure from and to.`,
        remedy: `See \`kubectl --context ${context.context} -n ${namespace} describe pod ${spec.name}\` while it is there, and \`pelagos check\`.`,
      });
    }
    await sleep(POLL_MS);
  }
}

/** Removes what was made; what is gone already is no error. */
export async function removeProbe({ context: { api }, spec: { namespace, name } }: Probe): Promise<void> {
  for (const resource of ['pods', 'services']) {
    const path = resourcePath({ apiVersion: 'v1', resource, namespace, name });
    await api.send('DELETE', path, undefined, { query: { gracePeriodSeconds: 0 } }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    });
  }
}

/** The pod of a probe, as who calls. */
export function callerOf({ context, spec }: Probe): Caller {
  return { context, namespace: spec.namespace, pod: spec.name, container: PROBE_CONTAINER, name: spec.cluster };
}

/** Calls the probe of a cluster until it goes well, for as long as a new Service needs to be known everywhere. */
export async function measure(caller: Caller, { spec }: Probe): Promise<Measurement> {
  const untilMs = Date.now() + SPREAD_MS;
  for (;;) {
    const outcome = await execInPod(caller.context.api, {
      namespace: caller.namespace,
      pod: caller.pod,
      container: caller.container,
      command: curlCommand(probeHost(spec)),
      timeoutMs: EXEC_TIMEOUT_MS,
    });
    const measurement = readMeasurement(outcome);
    if (isGood(measurement, spec.cluster) || Date.now() > untilMs) return measurement;
    await sleep(POLL_MS);
  }
}
