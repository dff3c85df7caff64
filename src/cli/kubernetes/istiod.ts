import { diagnose } from '../../diagnostics/index.ts';
import { isNotFound, type KubernetesObject, portForward, resourcePath } from '../../kubernetes-api/index.ts';
import { type AdminAnswer, type AdminDial, adminRequest } from '../../proxies/index.ts';
import { type CliError, diagnosedError } from '../cli-error.ts';
import { textAt } from '../objects/body.ts';
import { explainRefusal } from './explain-error.ts';
import type { KubernetesCluster } from './kubernetes-cluster.ts';
import { listPods, rankPods } from './pods.ts';

/** On istiod's own loopback. */
const STATUS_PORT = 8080;
/** Where kubelets and Prometheus ask it. */
export const MONITORING_PORT = 15_014;
/** A mesh with ten thousand proxies answers with some ten megabytes. */
const MAX_ANSWER_BYTES = 128 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

export interface IstiodRequest {
  readonly method?: 'GET' | 'PUT' | 'DELETE';
  readonly path: string;
  /** That of its status unless given. */
  readonly port?: number;
  readonly body?: unknown;
}

/** What one replica answered, as JSON or text. */
export interface IstiodAnswer {
  /** The pod. */
  readonly istiod: string;
  readonly revision: string;
  readonly status: number;
  readonly value: unknown;
}

/**
 * The pods of istiod that run, of one revision where the command names one.
 * @throws {CliError} where there is none, with what is there instead.
 */
export async function findIstiods(cluster: KubernetesCluster): Promise<readonly KubernetesObject[]> {
  const { istioNamespace: namespace, revision } = cluster;
  const labelSelector = `app=istiod${revision === undefined ? '' : `,istio.io/rev=${revision}`}`;
  const pods = await listPods(cluster, { namespace, labelSelector });
  const running = rankPods(pods).filter((pod) => textAt(pod, 'status', 'phase') === 'Running');
  if (running.length > 0) return running;
  throw await noIstiod(cluster, pods.length);
}

async function noIstiod(cluster: KubernetesCluster, pods: number): Promise<CliError> {
  const { context, istioNamespace: namespace, revision } = cluster;
  const say = (why: string, remedy: string): CliError =>
    diagnosedError(diagnose('PEL7105', { namespace, context, why, remedy }));
  if (pods > 0)
    return say(
      `It has ${pods} pods, and none of them runs.`,
      `See why with \`kubectl --context ${context} -n ${namespace} describe pods -l app=istiod\`, or run \`pelagos check\`.`,
    );
  const isServedElsewhere = await cluster.api
    .get(resourcePath({ apiVersion: 'v1', resource: 'services', namespace, name: 'istiod' }))
    .then((service) => revision === undefined && textAt(service, 'spec', 'selector', 'app') === '')
    .catch((error: unknown) => {
      if (isNotFound(error)) return false;
      throw error;
    });
  if (isServedElsewhere)
    return say(
      'This cluster is a remote one: the control plane of its primary serves its proxies.',
      'Ask the primary: give its context to `--context`.',
    );
  return say(
    revision === undefined ? 'Nothing is installed there.' : `There may be one of another revision than ${revision}.`,
    `Install it with \`istioctl install --context ${context}\`, or say where it is with \`-i NAMESPACE\`${revision === undefined ? '' : ' and `-r REVISION`'}.`,
  );
}

/** A way to a port on a pod's loopback. */
export function dialPod({ api }: KubernetesCluster, pod: KubernetesObject, port: number): AdminDial {
  const { name, namespace = '' } = pod.metadata;
  return () => portForward(api, { namespace, pod: name, port });
}

/** Asks every replica that runs. @throws {CliError} where one does not answer. */
export async function askIstiods(cluster: KubernetesCluster, ask: IstiodRequest): Promise<readonly IstiodAnswer[]> {
  const pods = await findIstiods(cluster);
  return await Promise.all(pods.map((pod) => askIstiod(cluster, pod, ask)));
}

/** Asks one replica. @throws {CliError} where it does not answer. */
export async function askIstiod(
  cluster: KubernetesCluster,
  pod: KubernetesObject,
  { method = 'GET', path, port = STATUS_PORT, body }: IstiodRequest,
): Promise<IstiodAnswer> {
  const limits = { maxBytes: MAX_ANSWER_BYTES, timeoutMs: TIMEOUT_MS };
  const dial = dialPod(cluster, pod, port);
  const answer = await adminRequest(dial, { name: 'istiod', method, path, body, ...limits }).catch((error: unknown) => {
    throw unanswered(error, 'istiod', pod);
  });
  return {
    istiod: pod.metadata.name,
    revision: pod.metadata.labels?.['istio.io/rev'] ?? 'default',
    status: answer.status,
    value: parseAnswer(answer),
  };
}

function parseAnswer({ body }: AdminAnswer): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body.trim();
  }
}

/** What a person is told where something in a pod does not answer. */
export function unanswered(error: unknown, what: string, pod: KubernetesObject): CliError {
  const refused = explainRefusal(error);
  if (refused) return refused;
  const { name, namespace = '' } = pod.metadata;
  const problem = error instanceof Error ? error.message : String(error);
  return diagnosedError(diagnose('PEL7108', { what, pod: `${name}.${namespace}`, problem, namespace, name }));
}
