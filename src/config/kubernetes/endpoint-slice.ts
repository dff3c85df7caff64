import type { Schema } from '../schema/schema.ts';
import { BOOLEAN, fields, list, oneOf, PORT, required, TEXT, TEXT_MAP } from './schema-builder.ts';

/** Kubernetes: discovery.k8s.io/v1 EndpointSlice (its own fields; it has no spec). */
export interface EndpointSliceSpec {
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  readonly endpoints: readonly SliceEndpoint[];
  /** Empty: any port. */
  readonly ports: readonly SlicePort[];
}

export interface SliceEndpoint {
  /** Only the first one counts. */
  readonly addresses: readonly string[];
  /** Not given counts as ready. */
  readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean };
  /** The pod's own DNS name under a headless service. */
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly zone?: string;
  readonly targetRef?: { readonly kind?: string; readonly namespace?: string; readonly name?: string };
  readonly deprecatedTopology?: Readonly<Record<string, string>>;
}

export interface SlicePort {
  readonly name: string;
  readonly port?: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly appProtocol?: string;
}

/** Kubernetes: core/v1 Endpoints (its own fields; it has no spec). */
export interface EndpointsSpec {
  readonly subsets: readonly {
    readonly addresses?: readonly EndpointAddress[];
    readonly notReadyAddresses?: readonly EndpointAddress[];
    readonly ports?: readonly SlicePort[];
  }[];
}

export interface EndpointAddress {
  readonly ip: string;
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly targetRef?: { readonly kind?: string; readonly namespace?: string; readonly name?: string };
}

const PORT_SCHEMA: Schema = fields({
  name: { ...TEXT, default: '' },
  port: PORT,
  protocol: { ...oneOf('TCP', 'UDP', 'SCTP'), default: 'TCP' },
  appProtocol: TEXT,
});

const TARGET: Schema = fields({ kind: TEXT, namespace: TEXT, name: TEXT }, 'apiVersion uid resourceVersion fieldPath');

export const ENDPOINT_SLICE_FIELDS: Readonly<Record<string, Schema>> = {
  addressType: oneOf('IPv4', 'IPv6', 'FQDN'),
  endpoints: {
    default: [],
    ...list(
      required(
        fields(
          {
            addresses: { ...list(TEXT), minItems: 1 },
            conditions: fields({ ready: BOOLEAN, serving: BOOLEAN, terminating: BOOLEAN }),
            hostname: TEXT,
            nodeName: TEXT,
            zone: TEXT,
            targetRef: TARGET,
            deprecatedTopology: TEXT_MAP,
          },
          'hints',
        ),
        'addresses',
      ),
    ),
  },
  ports: { default: [], ...list(PORT_SCHEMA) },
};

const ADDRESS: Schema = required(fields({ ip: TEXT, hostname: TEXT, nodeName: TEXT, targetRef: TARGET }), 'ip');

export const ENDPOINTS_FIELDS: Readonly<Record<string, Schema>> = {
  subsets: {
    default: [],
    ...list(fields({ addresses: list(ADDRESS), notReadyAddresses: list(ADDRESS), ports: list(PORT_SCHEMA) })),
  },
};
