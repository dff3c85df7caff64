/** What is different about a golden case on real clusters: whether it runs, and what must come of a call. */
import type { Want } from '../../../src/cases/index.ts';

/** Cases that do not suit, each with the reason. */
export const UNSUITED: Readonly<Record<string, string>> = {
  'regions/seventy to thirty between two regions': 'its clusters have other names and regions: see regions.test.ts',
};

/** Cases that take time for what others show: they run only where PELAGOS_CASES names them. */
export const SHOWN_BY_OTHERS: Readonly<Record<string, string>> = {
  'authorization/get and post by one namespace from both clusters': 'article.test.ts makes the same calls',
  'authorization/nothing is allowed by an empty policy': '"deny goes before allow" shows that policies are kept',
  'egress/a cloud service by dns': 'article.test.ts calls the same service',
  'entries/a mesh external host by dns': 'article.test.ts calls a service that is found in the same way',
  'failover/a cluster without pods is served by the other one': 'faults/data-plane.ts does it under load',
  'ingress/a gateway routes by host': 'regions.test.ts calls through the same gateway',
  'interception/one port number means two protocols': 'regions.test.ts has such a port',
  'names/one pod of a headless service in another cluster': 'regions.test.ts calls single pods of the other region',
  'protocols/tcp through a tunnel': 'redirected pods have no tunnel; regions.test.ts has TCP',
  'routing/round robin over the pods of another cluster': 'article.test.ts counts the same shares',
};

interface Otherwise {
  readonly why: string;
  readonly want: Partial<Want>;
}

/** Calls that end otherwise than in embedded mode, by their case and name. */
export const OTHERWISE: Readonly<Record<string, Otherwise>> = {
  'visibility/a service that is not exported: from another namespace': {
    why:
      "the cluster's own DNS gives the address, and ALLOW_ANY lets calls to unknown addresses pass, in plaintext and " +
      'without an identity, as Istio does; in embedded mode the proxy sees the name alone',
    want: { status: 200, caller: 'nobody' },
  },
  'names/a name with namespace and cluster: without its namespace it is the callers': {
    why:
      'a question to DNS does not say who asks, so the name has an address where any namespace of that cluster has the ' +
      'service; behind it there is nobody for this caller',
    want: { status: 503 },
  },
};
