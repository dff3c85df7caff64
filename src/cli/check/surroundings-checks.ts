import { resourcePath } from '../../kubernetes-api/index.ts';
import { textAt } from '../objects/body.ts';
import { type Check, type CheckContext, failure, nameSome, ok, skipped, warning } from './check.ts';

/** Certificates begin a little in the past; more than this and a new one is refused as not valid yet. */
const SKEW_WARNING_MS = 5_000;
const SKEW_FAILURE_MS = 60_000;
/** A kubelet renews its lease every ten seconds (Kubernetes: node heartbeats). */
const LEASE_AGE_MS = 40_000;

/** What istiod's leader keeps in CoreDNS's configuration: a marked part that begins with the zones. */
const OWN_ZONES = /# pelagos: begin[^\n]*\n([^\n{]*)\{/;

/** Clocks and names. */
export const SURROUNDINGS_CHECKS: readonly Check[] = [
  {
    id: 'clock-here',
    group: 'clocks',
    text: 'the clock of this machine agrees with the API server',
    why: 'What is said of certificates and ages here would be wrong.',
    remedy: 'Let both machines follow a time server (NTP).',
    when: 'both',
    run: async (context) => {
      const skewMs = context.now() - (await serverTimeMs(context));
      const text = `${Math.round(Math.abs(skewMs) / 1_000)} s ${skewMs > 0 ? 'ahead' : 'behind'}`;
      if (Math.abs(skewMs) > SKEW_FAILURE_MS) return failure(`this machine is ${text}`);
      return Math.abs(skewMs) > SKEW_WARNING_MS ? warning(`this machine is ${text}`) : ok();
    },
  },
  {
    id: 'clock-nodes',
    group: 'clocks',
    text: 'the clocks of the nodes agree with the API server',
    why: 'A node whose clock is behind refuses new certificates as not valid yet.',
    remedy: 'Let the nodes follow a time server (NTP).',
    when: 'both',
    run: async (context) => {
      const leases = await context.facts.list('/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases');
      if (leases.length === 0) return skipped('no node has written a lease');
      const nowMs = await serverTimeMs(context);
      const ages = leases.map((lease) => ({
        node: lease.metadata.name,
        ageMs: nowMs - Date.parse(textAt(lease, 'spec', 'renewTime')),
      }));
      const ahead = ages.filter(({ ageMs }) => ageMs < -SKEW_WARNING_MS).map(({ node }) => node);
      if (ahead.length > 0) return warning(`ahead: ${nameSome(ahead)}`);
      const behind = ages.filter(({ ageMs }) => ageMs > LEASE_AGE_MS).map(({ node }) => node);
      return behind.length > 0 ? warning(`behind, or not alive: ${nameSome(behind)}`) : ok(`${ages.length} nodes`);
    },
  },
  {
    id: 'dns-forwarded',
    group: 'dns',
    text: "the cluster's DNS knows the zones of the mesh",
    why: 'Else names such as service.cluster2 do not resolve in pods.',
    remedy:
      'Install with `--set values.pilot.dns.coredns=manage`, or let your DNS ask the Service istiod-dns for them.',
    when: 'post',
    run: async ({ cluster, facts }) => {
      const core = { apiVersion: 'v1', resource: 'configmaps', namespace: 'kube-system', name: 'coredns' };
      const corefile = textAt(await facts.read(resourcePath(core)), 'data', 'Corefile');
      if (corefile === '') return skipped('the cluster has no ConfigMap coredns: its DNS is another');
      const [, zones] = OWN_ZONES.exec(corefile) ?? [];
      if (zones !== undefined) return ok(zones.trim().replaceAll(/:\d+/g, '').replaceAll(/\s+/g, ', '));
      const path = resourcePath({ apiVersion: 'v1', resource: 'services', namespace: cluster.istioNamespace });
      const services = (await facts.list(path)).filter(({ metadata: { name } }) => name.startsWith('istiod-dns'));
      const addresses = services.map((service) => textAt(service, 'spec', 'clusterIP')).filter((each) => each !== '');
      const asked = addresses.find((address) => corefile.includes(address));
      return asked === undefined ? warning('CoreDNS knows no zones of the mesh') : ok(`CoreDNS asks ${asked}`);
    },
  },
];

/** The API server's clock, to a second: it says when it answered who we are. */
async function serverTimeMs({ cluster }: CheckContext): Promise<number> {
  const review = await cluster.api.send('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'SelfSubjectReview',
  });
  return Date.parse(textAt(review, 'metadata', 'creationTimestamp'));
}
