import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, type ApiServer, type KubernetesList, resourcePath } from '../../kubernetes-api/index.ts';
import { read } from '../apply/apply-objects.ts';
import { shareCertificate } from '../apply/certificates.ts';
import { installError } from '../install-error.ts';
import { istiodName } from '../objects/names.ts';
import { at, list, plain, textAt } from '../plain.ts';
import { type InstallValues, type PilotAddress, revisionSuffix } from '../values/install-values.ts';

/** A context of the kubeconfig, and how it is reached. */
export interface ClusterContext {
  readonly name: string;
  readonly connect: () => Promise<ApiServer>;
}

/** A cluster of the kubeconfig that has a control plane of its own. */
export interface Primary {
  readonly context: string;
  readonly api: ApiServer;
  /** Its name in the mesh; undefined where its own installation does not tell. */
  readonly cluster: string | undefined;
  /** Of its Service istiod. */
  readonly clusterIps: readonly string[];
}

/** A context that does not answer in this time is no candidate. */
const ASK_TIMEOUT_MS = 5_000;
const POLL_MS = 500;

/** All contexts with a control plane of the same revision, by name; those that do not answer are left out. */
export async function findPrimaries(
  contexts: readonly ClusterContext[],
  values: InstallValues,
): Promise<readonly Primary[]> {
  const found = await Promise.all(contexts.map((context) => asPrimary(context, values)));
  return found.flatMap((each) => each ?? []).sort((a, b) => (a.context < b.context ? -1 : 1));
}

async function asPrimary({ name, connect }: ClusterContext, values: InstallValues): Promise<Primary | undefined> {
  let api: ApiServer;
  try {
    api = await connect();
  } catch {
    // A context of a cluster that is gone is common in a kubeconfig, and no reason to stop.
    return undefined;
  }
  const path = resourcePath({
    apiVersion: 'v1',
    resource: 'services',
    namespace: values.namespace,
    name: istiodName(values),
  });
  const service = await api.get(path, { timeoutMs: ASK_TIMEOUT_MS }).catch(() => undefined);
  const spec = plain(service?.['spec']);
  if (Object.keys(plain(spec['selector'])).length === 0) {
    api.close();
    return undefined;
  }
  return {
    context: name,
    api,
    cluster: await clusterOf(api, values),
    clusterIps: list(spec['clusterIPs'] ?? [spec['clusterIP']]).map(String),
  };
}

/** As the control plane's own values have it; who may not read them, or cannot, does without. */
async function clusterOf(api: ApiServer, values: InstallValues): Promise<string | undefined> {
  const name = `istio-sidecar-injector${revisionSuffix(values)}`;
  const path = resourcePath({ apiVersion: 'v1', resource: 'configmaps', namespace: values.namespace, name });
  try {
    const text = textAt(await api.get(path, { timeoutMs: ASK_TIMEOUT_MS }), 'data', 'values');
    return textAt(JSON.parse(text ?? '{}'), 'global', 'multiCluster', 'clusterName');
  } catch {
    return undefined;
  }
}

/** What the address of a remote cluster's values comes to. */
export type ChosenPilot =
  /** A cluster of the kubeconfig: it is gone to through its east-west gateway. */
  | { readonly kind: 'primary'; readonly primary: Primary; readonly asked: string }
  /** As it stands: a load balancer or a name that nobody of the kubeconfig answers to. */
  | { readonly kind: 'address'; readonly address: string };

/** @throws InstallError PEL8005 where a variable has no value and several clusters, or none, could be meant. */
export function choosePilot(pilot: PilotAddress, primaries: readonly Primary[]): ChosenPilot {
  if (pilot.kind === 'address') {
    const primary = primaries.find(({ clusterIps }) => clusterIps.includes(pilot.address));
    return primary ? { kind: 'primary', primary, asked: pilot.address } : { kind: 'address', address: pilot.address };
  }
  const [only, ...others] = primaries;
  if (only && others.length === 0) return { kind: 'primary', primary: only, asked: only.clusterIps[0] ?? '' };
  const names = primaries.map(({ context }) => context).join(', ');
  throw installError('PEL8005', {
    path: 'values.global.remotePilotAddress',
    name: pilot.name,
    found: only
      ? `Several clusters of the kubeconfig could be meant: ${names}.`
      : 'No other cluster of the kubeconfig has a control plane, so it cannot be found by itself either.',
  });
}

/**
 * The address that the load balancer gave the primary's east-west gateway; waits for it.
 * @throws InstallError PEL8011
 */
export async function gatewayAddress(
  { api, context }: Primary,
  values: InstallValues,
  timeoutMs: number,
): Promise<{ readonly address: string; readonly service: string }> {
  const endMs = Date.now() + timeoutMs;
  const path = resourcePath({ apiVersion: 'v1', resource: 'services', namespace: values.namespace });
  for (;;) {
    const { items } = await api.get<KubernetesList>(path, { query: { labelSelector: 'istio=eastwestgateway' } });
    for (const service of items) {
      const address = externalAddress(service);
      if (address) return { address, service: service.metadata.name };
    }
    if (Date.now() >= endMs) throw noGateway(values, context, items.length > 0);
    await delay(POLL_MS);
  }
}

function externalAddress(service: unknown): string | undefined {
  const ingress = list(at(service, 'status', 'loadBalancer', 'ingress')).map(plain);
  const addresses = ingress.flatMap((each) => textAt(each, 'ip') ?? textAt(each, 'hostname') ?? []);
  const given = list(at(service, 'spec', 'externalIPs')).map(String);
  return [...addresses, ...given].find((each) => isIP(each) !== 0 || each.includes('.'));
}

function noGateway(values: InstallValues, context: string, isThere: boolean): Error {
  return installError('PEL8011', {
    cluster: values.cluster,
    reason: isThere
      ? `the east-west gateway of ${context} has no address from outside`
      : `${context} has no east-west gateway`,
    remedy: isThere
      ? 'Something has to give Services of type LoadBalancer an address (MetalLB, a cloud); or set externalIPs of the Service istio-eastwestgateway.'
      : `Install it there first: istioctl install --context ${context} --set profile=default -y`,
  });
}

/**
 * Waits until the primary's control plane has put its roots into the remote cluster: from then on proxies trust it.
 * @returns whether it has, within the time.
 */
export async function waitUntilServed(of: {
  readonly remote: ApiServer;
  readonly primary: ApiServer;
  readonly namespace: string;
  readonly timeoutMs: number;
}): Promise<boolean> {
  const { remote, primary, namespace, timeoutMs } = of;
  const path = resourcePath({ apiVersion: 'v1', resource: 'configmaps', namespace, name: 'istio-ca-root-cert' });
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    const [wanted, present] = await Promise.all([primary, remote].map((api) => rootsAt(api, path)));
    if (wanted && present && shareCertificate(wanted, present)) return true;
    if (Date.now() >= endMs) return false;
    await delay(POLL_MS);
  }
}

async function rootsAt(api: ApiServer, path: string): Promise<string | undefined> {
  try {
    return textAt(await read(api, path), 'data', 'root-cert.pem')?.trim();
  } catch (error) {
    // A poll that fails is one that has not seen it yet.
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}
