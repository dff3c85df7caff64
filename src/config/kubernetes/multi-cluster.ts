import type { Schema } from '../schema/schema.ts';
import { fields, list, oneOf, PORT, TEXT } from './schema-builder.ts';

/** MCS API (KEP-1645): exports the Service of its own name and namespace to the other clusters. It has no spec. */
export interface ServiceExportSpec {
  readonly exportedLabels?: Readonly<Record<string, string>>;
  readonly exportedAnnotations?: Readonly<Record<string, string>>;
}

/** MCS API (KEP-1645): a service that other clusters export. */
export interface ServiceImportSpec {
  readonly type?: 'ClusterSetIP' | 'Headless';
  readonly ips?: readonly string[];
  readonly ports?: readonly {
    readonly name?: string;
    readonly port: number;
    readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
    readonly appProtocol?: string;
  }[];
}

export const SERVICE_EXPORT_SCHEMA: Schema = fields({}, 'exportedLabels exportedAnnotations');

export const SERVICE_IMPORT_SCHEMA: Schema = fields(
  {
    type: oneOf('ClusterSetIP', 'Headless'),
    ips: list(TEXT),
    ports: list(fields({ name: TEXT, port: PORT, protocol: oneOf('TCP', 'UDP', 'SCTP'), appProtocol: TEXT })),
  },
  'sessionAffinity sessionAffinityConfig ipFamilies internalTrafficPolicy trafficDistribution',
);
