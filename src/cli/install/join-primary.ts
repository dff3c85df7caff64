import { diagnose, formatDiagnostic } from '../../diagnostics/index.ts';
import {
  applyObject,
  choosePilot,
  findPrimaries,
  gatewayAddress,
  type InstallValues,
  isLoopback,
  type Primary,
  readerAccount,
  readerToken,
  remoteSecret,
  waitForName,
  waitUntilServed,
} from '../../install/index.ts';
import { connectContext, kubeconfigContexts } from '../../kubernetes-api/index.ts';
import type { CommandCall } from '../command-spec.ts';
import type { KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';
import type { InstallProgress } from './progress.ts';

/** Where a remote cluster's control plane is, and what makes that control plane serve it. */
export interface RemotePlan {
  readonly pilotAddress: string;
  /** The primary's name in the mesh, where it is known. */
  readonly primaryCluster: string | undefined;
  /** Undefined where the primary is none of the kubeconfig's clusters. */
  readonly joinPrimary: (() => Promise<void>) | undefined;
  /** Waits until the names of each cluster are known to the DNS of the other one. */
  readonly awaitNames: (() => Promise<void>) | undefined;
  readonly close: () => void;
}

export interface RemoteRequest {
  readonly call: CommandCall;
  readonly cluster: KubernetesCluster;
  readonly values: InstallValues;
  readonly progress: InstallProgress;
  readonly timeoutMs: number;
}

/** How long the primary may take to put its roots into the cluster that it now serves. */
const SERVE_TIMEOUT_MS = 60_000;

/** Finds the primary that `remotePilotAddress` means. @throws {InstallError} */
export async function planRemote(request: RemoteRequest): Promise<RemotePlan | undefined> {
  const { call, cluster, values, progress, timeoutMs } = request;
  if (values.role.kind !== 'remote') return undefined;
  const file = call.options.text('kubeconfig');
  const { names } = await kubeconfigContexts(file);
  const contexts = names
    .filter((name) => name !== cluster.context)
    .map((name) => ({
      name,
      connect: () => connectContext({ ...(file === undefined ? {} : { file }), context: name }),
    }));
  progress.doing('looking for the primary control plane');
  const primaries = await findPrimaries(contexts, values);
  const close = (): void => {
    for (const { api } of primaries) api.close();
  };
  try {
    const chosen = choosePilot(values.role.pilot, primaries);
    if (chosen.kind === 'address')
      return {
        pilotAddress: chosen.address,
        primaryCluster: undefined,
        joinPrimary: undefined,
        awaitNames: undefined,
        close,
      };
    const { primary, asked } = chosen;
    const gateway = await gatewayAddress(primary, values, timeoutMs);
    const parameters = {
      address: asked,
      primary: primary.context,
      cluster: values.cluster,
      gateway: `its east-west gateway ${gateway.service} at ${gateway.address}`,
    };
    progress.say(formatDiagnostic(diagnose('PEL8006', parameters)));
    const { address: pilotAddress } = gateway;
    return {
      pilotAddress,
      primaryCluster: primary.cluster,
      joinPrimary: () => join(request, primary),
      awaitNames: () => awaitNames(request, primary),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

async function join({ cluster, values, progress, timeoutMs }: RemoteRequest, primary: Primary): Promise<void> {
  const { server, ca, api, context } = cluster;
  if (isLoopback(server)) {
    const parameters = { url: server, cluster: values.cluster, primary: primary.context, context };
    progress.say(formatDiagnostic(diagnose('PEL8012', parameters)));
  }
  const token = await readerToken(api, readerAccount(values.namespace), Math.max(timeoutMs, 10_000));
  const secret = remoteSecret({ name: values.cluster, server, ca }, token, { namespace: values.namespace });
  const { change } = await applyObject(primary.api, secret, { isDryRun: false });
  progress.done(`Remote secret ${secret.metadata.name} in ${primary.context}: it reads ${values.cluster}`, change);
  if (timeoutMs === 0) return;
  progress.doing(`waiting for ${primary.context} to serve ${values.cluster}`);
  const isServed = await waitUntilServed({
    remote: api,
    primary: primary.api,
    namespace: values.namespace,
    timeoutMs: Math.min(timeoutMs, SERVE_TIMEOUT_MS),
  });
  if (isServed) progress.done(`${values.cluster} is served by the control plane of ${primary.context}`);
  else {
    progress.say(
      `! ${primary.context} has not put its roots into ${values.cluster} yet: see \`istioctl remote-clusters --context ${primary.context}\``,
    );
  }
}

/** How long a cluster's DNS may take to know a zone: the kubelet and the server look at their files now and then. */
const NAMES_TIMEOUT_MS = 120_000;

async function awaitNames({ cluster, values, progress, timeoutMs }: RemoteRequest, primary: Primary): Promise<void> {
  if (timeoutMs === 0) return;
  const ways = [
    { api: primary.api, context: primary.context, of: values.cluster },
    ...(primary.cluster === undefined ? [] : [{ api: cluster.api, context: cluster.context, of: primary.cluster }]),
  ];
  const states = ways.map(async ({ api, context, of }) => {
    progress.doing(`waiting for the names of ${of} to resolve in ${context}`);
    // Every member has a Service of that name, with or without a control plane of its own.
    const state = await waitForName(api, `istiod.${values.namespace}.${of}`, Math.min(timeoutMs, NAMES_TIMEOUT_MS));
    if (state === 'resolved') progress.done(`Names of ${of} resolve in ${context}`);
    else progress.say(`! names of ${of} do not resolve in ${context} yet: see \`pelagos check --context ${context}\``);
  });
  await Promise.all(states);
}
