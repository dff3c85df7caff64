import type { WorkloadSelector } from '../selection/type.ts';

/** Settings of proxies that take effect when they start (Istio: networking.istio.io/v1beta1 ProxyConfig). */
export interface ProxyConfigSpec {
  readonly selector?: WorkloadSelector;
  /** Worker threads; 0: one per core. */
  readonly concurrency?: number;
  readonly environmentVariables?: Readonly<Record<string, string>>;
  readonly image?: { readonly imageType?: string };
}
