import type { Schema } from '../schema/schema.ts';
import type { KubernetesLabelSelector } from './label-selector.ts';
import { fields, INT_OR_TEXT, INTEGER, LABEL_SELECTOR, list, oneOf, required, TEXT } from './schema-builder.ts';

/** Kubernetes: networking.k8s.io/v1 NetworkPolicy. */
export interface NetworkPolicySpec {
  /** Empty: all pods of the namespace. */
  readonly podSelector?: KubernetesLabelSelector;
  readonly policyTypes?: readonly ('Ingress' | 'Egress')[];
  /** Given but empty: nothing may come in. */
  readonly ingress?: readonly {
    readonly from?: readonly NetworkPolicyPeer[];
    readonly ports?: readonly NetworkPolicyPort[];
  }[];
  readonly egress?: readonly {
    readonly to?: readonly NetworkPolicyPeer[];
    readonly ports?: readonly NetworkPolicyPort[];
  }[];
}

export interface NetworkPolicyPeer {
  readonly podSelector?: KubernetesLabelSelector;
  readonly namespaceSelector?: KubernetesLabelSelector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

export interface NetworkPolicyPort {
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
  readonly port?: number | string;
  readonly endPort?: number;
}

const PEERS: Schema = list(
  fields({
    podSelector: LABEL_SELECTOR,
    namespaceSelector: LABEL_SELECTOR,
    ipBlock: required(fields({ cidr: TEXT, except: list(TEXT) }), 'cidr'),
  }),
);

const PORTS: Schema = list(fields({ protocol: oneOf('TCP', 'UDP', 'SCTP'), port: INT_OR_TEXT, endPort: INTEGER }));

export const NETWORK_POLICY_SCHEMA: Schema = fields({
  podSelector: LABEL_SELECTOR,
  policyTypes: list(oneOf('Ingress', 'Egress')),
  ingress: list(fields({ from: PEERS, ports: PORTS })),
  egress: list(fields({ to: PEERS, ports: PORTS })),
});
