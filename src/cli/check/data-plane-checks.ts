import { resourcePath } from '../../kubernetes-api/index.ts';
import { ENVOY_VERSION } from '../../proxies/index.ts';
import { readMembers } from '../kubernetes/members.ts';
import { hasProxy, isReady } from '../kubernetes/pods.ts';
import { listAt, numberAt, textAt } from '../objects/body.ts';
import { type Check, failure, nameSome, ok, skipped, warning } from './check.ts';

const REMOTE = 'another cluster serves this one: ask there';

/** Gateways, proxies and the clusters beside this one. */
export const DATA_PLANE_CHECKS: readonly Check[] = [
  {
    id: 'gateways-ready',
    group: 'gateways',
    text: 'gateways have a pod that is ready',
    why: 'Calls from outside and from other networks come through them.',
    remedy: 'See why with `kubectl -n istio-system get pods`.',
    when: 'post',
    run: async ({ cluster, facts }) => {
      const path = resourcePath({ apiVersion: 'apps/v1', resource: 'deployments', namespace: cluster.istioNamespace });
      const gateways = (await facts.list(path)).filter((each) => /gateway/.test(each.metadata.labels?.['istio'] ?? ''));
      if (gateways.length === 0) return skipped('there are none');
      const down = gateways.filter((each) => numberAt(each, 'status', 'readyReplicas') === 0);
      const names = gateways.map(({ metadata }) => metadata.name);
      return down.length === 0 ? ok(nameSome(names)) : failure(nameSome(down.map(({ metadata }) => metadata.name)));
    },
  },
  {
    id: 'gateway-addresses',
    group: 'gateways',
    text: 'gateways have an address',
    why: 'Without one nobody outside of the cluster reaches them.',
    remedy: 'The cluster needs something that gives Services of type LoadBalancer an address; else use NodePorts.',
    when: 'post',
    run: async ({ cluster, facts }) => {
      const path = resourcePath({ apiVersion: 'v1', resource: 'services', namespace: cluster.istioNamespace });
      const balanced = (await facts.list(path)).filter((each) => textAt(each, 'spec', 'type') === 'LoadBalancer');
      if (balanced.length === 0) return skipped('there are no Services of type LoadBalancer');
      const waiting = balanced.filter((each) => listAt(each, 'status', 'loadBalancer', 'ingress').length === 0);
      if (waiting.length === 0) return ok();
      return warning(`no address yet: ${nameSome(waiting.map(({ metadata }) => metadata.name))}`);
    },
  },
  {
    id: 'proxies-connected',
    group: 'proxies',
    text: 'every proxy that runs is connected to istiod',
    why: 'A proxy that is not goes on with what it has, and learns nothing new.',
    remedy: 'Read the log of its container istio-proxy, and see whether port 15012 of istiod is reached from there.',
    when: 'post',
    run: async ({ facts }) => {
      if (await facts.isRemote()) return skipped(REMOTE);
      // Pods of other clusters may have the same names, and are connected here too.
      const here = readMembers(await facts.members()).find(({ secret }) => secret === '')?.name;
      const ours = (await facts.proxies()).filter(({ cluster }) => here === undefined || cluster === here);
      const connected = new Set(ours.map(({ pod, namespace }) => `${pod}.${namespace}`));
      const running = (await facts.pods()).filter(
        (pod) => hasProxy(pod) && textAt(pod, 'status', 'phase') === 'Running' && !pod.metadata.deletionTimestamp,
      );
      const lost = running
        .map(({ metadata }) => `${metadata.name}.${metadata.namespace}`)
        .filter((name) => !connected.has(name));
      return lost.length === 0 ? ok(`${running.length} proxies`) : failure(`not connected: ${nameSome(lost)}`);
    },
  },
  {
    id: 'proxies-in-sync',
    group: 'proxies',
    text: 'proxies have taken what istiod sent',
    why: 'A proxy that refuses a resource goes on with the version before.',
    remedy: 'See `istioctl proxy-status POD`: it names the objects that a refused resource came from.',
    when: 'post',
    run: async ({ facts }) => {
      if (await facts.isRemote()) return skipped(REMOTE);
      const inState = async (state: string): Promise<readonly string[]> =>
        (await facts.proxies())
          .filter(({ types }) => Object.values(types).some((type) => type.state === state))
          .map(({ pod, namespace }) => `${pod}.${namespace}`);
      const refusing = await inState('NACKED');
      if (refusing.length > 0) return failure(`refused something: ${nameSome(refusing)}`);
      const stale = await inState('STALE');
      return stale.length > 0 ? warning(`still taking it: ${nameSome(stale)}`) : ok();
    },
  },
  {
    id: 'envoy-version',
    group: 'proxies',
    text: `proxies are Envoy ${ENVOY_VERSION}`,
    why: 'Another Envoy may refuse resources, or read them in another way.',
    remedy: 'Restart the workloads, so that they get the proxy of this version.',
    when: 'post',
    run: async ({ facts }) => {
      if (await facts.isRemote()) return skipped(REMOTE);
      const other = (await facts.proxies()).filter(({ version }) => !version.startsWith(ENVOY_VERSION));
      const names = other.map(({ pod, namespace, version }) => `${pod}.${namespace} (${version})`);
      return names.length === 0 ? ok() : warning(nameSome(names));
    },
  },
  {
    id: 'pods-injected',
    group: 'proxies',
    text: 'pods of labelled namespaces have a proxy',
    why: 'A pod that was there before its namespace was labelled is outside of the mesh.',
    remedy: 'Restart the workload: `kubectl -n NAMESPACE rollout restart deployment`.',
    when: 'post',
    run: async ({ facts }) => {
      const labelled = new Set(
        (await facts.namespaces())
          .filter(({ metadata: { labels } }) => labels?.['istio-injection'] === 'enabled' || labels?.['istio.io/rev'])
          .map(({ metadata }) => metadata.name),
      );
      const bare = (await facts.pods()).filter(
        (pod) =>
          labelled.has(pod.metadata.namespace ?? '') &&
          !hasProxy(pod) &&
          isReady(pod) &&
          textAt(pod, 'spec', 'hostNetwork') !== 'true' &&
          pod.metadata.labels?.['sidecar.istio.io/inject'] !== 'false',
      );
      if (labelled.size === 0) return skipped('no namespace is labelled');
      const names = bare.map(({ metadata }) => `${metadata.name}.${metadata.namespace}`);
      return names.length === 0 ? ok(nameSome([...labelled])) : warning(`no proxy: ${nameSome(names)}`);
    },
  },
  {
    id: 'remote-clusters-read',
    group: 'remote-clusters',
    text: 'the other clusters are read',
    why: 'Endpoints of a cluster that is not read grow old, and are given up in the end.',
    remedy: 'See `istioctl remote-clusters`; make its remote secret anew with `istioctl create-remote-secret`.',
    when: 'post',
    run: async ({ facts }) => {
      if (await facts.isRemote()) return skipped(REMOTE);
      const members = readMembers(await facts.members()).filter(({ secret }) => secret !== '');
      if (members.length === 0) return skipped('there are no others');
      const amiss = members.filter(({ status }) => status !== 'synced');
      const names = amiss.map(({ name, status, error }) => `${name} is ${status}${error === '' ? '' : `: ${error}`}`);
      if (names.length > 0) return failure(nameSome(names));
      return ok(nameSome([...new Set(members.map(({ name }) => name))]));
    },
  },
];
