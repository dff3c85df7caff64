import type { PolicySelection } from '../selection/type.ts';

export type WorkloadMode = 'CLIENT_AND_SERVER' | 'CLIENT' | 'SERVER';

/** What is measured, traced and logged (Istio: telemetry.istio.io/v1 Telemetry). */
export interface TelemetrySpec extends PolicySelection {
  readonly tracing?: readonly Tracing[];
  readonly metrics?: readonly Metrics[];
  readonly accessLogging?: readonly AccessLogging[];
}

export interface ProviderRef {
  readonly name: string;
}

export interface Tracing {
  readonly match?: { readonly mode?: WorkloadMode };
  readonly providers?: readonly ProviderRef[];
  /** 0.0 to 100.0: 1.0 is one per cent. */
  readonly randomSamplingPercentage?: number;
  readonly disableSpanReporting?: boolean;
  readonly disableContextPropagation?: boolean;
  readonly enableIstioTags?: boolean;
  readonly useRequestIdForTraceSampling?: boolean;
  readonly customTags?: Readonly<Record<string, CustomTag>>;
}

/** One of these. */
export interface CustomTag {
  readonly literal?: { readonly value: string };
  readonly environment?: { readonly name: string; readonly defaultValue?: string };
  readonly header?: { readonly name: string; readonly defaultValue?: string };
  readonly formatter?: { readonly value: string };
}

export interface Metrics {
  readonly providers?: readonly ProviderRef[];
  readonly overrides?: readonly {
    readonly match?: { readonly metric?: string; readonly customMetric?: string; readonly mode?: WorkloadMode };
    readonly disabled?: boolean;
    readonly tagOverrides?: Readonly<
      Record<string, { readonly operation?: 'UPSERT' | 'REMOVE'; readonly value?: string }>
    >;
  }[];
  /** Duration. */
  readonly reportingInterval?: string;
}

export interface AccessLogging {
  readonly match?: { readonly mode?: WorkloadMode };
  readonly providers?: readonly ProviderRef[];
  readonly disabled?: boolean;
  /** A CEL expression over Envoy's attributes. */
  readonly filter?: { readonly expression?: string };
}
