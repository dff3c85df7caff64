import type { Schema } from '../schema/schema.ts';
import { BOOLEAN, fields, list, TEXT, TEXT_MAP } from './schema-builder.ts';

/** Kubernetes: core/v1 Namespace; what the mesh reads are its labels. */
export interface NamespaceSpec {
  readonly finalizers?: readonly string[];
}

/** Kubernetes: core/v1 Node. */
export interface NodeSpec {
  readonly podCIDR?: string;
  readonly providerID?: string;
}

/** Kubernetes: core/v1 ServiceAccount (its own fields; it has no spec). */
export interface ServiceAccountSpec {
  readonly automountServiceAccountToken?: boolean;
}

/** Kubernetes: core/v1 Secret (its own fields; it has no spec). */
export interface SecretSpec {
  readonly type?: string;
  /** Base64. */
  readonly data?: Readonly<Record<string, string>>;
  /** Plain; wins over `data`. */
  readonly stringData?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
}

/** Kubernetes: core/v1 ConfigMap (its own fields; it has no spec). */
export interface ConfigMapSpec {
  readonly data?: Readonly<Record<string, string>>;
  /** Base64. */
  readonly binaryData?: Readonly<Record<string, string>>;
  readonly immutable?: boolean;
}

export const NAMESPACE_SCHEMA: Schema = fields({ finalizers: list(TEXT) });

export const NODE_SCHEMA: Schema = fields(
  { podCIDR: TEXT, providerID: TEXT },
  'podCIDRs unschedulable taints configSource externalID',
);

export const SERVICE_ACCOUNT_FIELDS: Readonly<Record<string, Schema>> = {
  automountServiceAccountToken: BOOLEAN,
  secrets: {},
  imagePullSecrets: {},
};

const BASE64_MAP: Schema = { type: 'object', values: { type: 'string' } };

export const SECRET_FIELDS: Readonly<Record<string, Schema>> = {
  type: TEXT,
  data: BASE64_MAP,
  stringData: TEXT_MAP,
  immutable: BOOLEAN,
};

export const CONFIG_MAP_FIELDS: Readonly<Record<string, Schema>> = {
  data: TEXT_MAP,
  binaryData: BASE64_MAP,
  immutable: BOOLEAN,
};
