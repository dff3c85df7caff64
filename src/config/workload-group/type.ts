import type { Labels } from '../selection/type.ts';
import type { WorkloadEntrySpec } from '../workload-entry/type.ts';

/** A template for WorkloadEntries that register themselves (Istio: networking.istio.io/v1 WorkloadGroup). */
export interface WorkloadGroupSpec {
  readonly metadata?: { readonly labels?: Labels; readonly annotations?: Labels };
  readonly template: WorkloadEntrySpec;
  readonly probe?: ReadinessProbe;
}

/** One of httpGet, tcpSocket, exec, grpc. */
export interface ReadinessProbe {
  readonly initialDelaySeconds?: number;
  readonly timeoutSeconds?: number;
  readonly periodSeconds?: number;
  readonly successThreshold?: number;
  readonly failureThreshold?: number;
  readonly httpGet?: {
    readonly path?: string;
    readonly port: number;
    readonly host?: string;
    readonly scheme?: string;
    readonly httpHeaders?: readonly { readonly name?: string; readonly value?: string }[];
  };
  readonly tcpSocket?: { readonly host?: string; readonly port: number };
  readonly exec?: { readonly command: readonly string[] };
  readonly grpc?: { readonly port?: number; readonly service?: string };
}
