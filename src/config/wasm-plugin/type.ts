import type { PolicySelection } from '../selection/type.ts';

/** A WebAssembly filter (Istio: extensions.istio.io/v1alpha1 WasmPlugin). */
export interface WasmPluginSpec extends PolicySelection {
  /** http, https, oci or file; without a scheme: oci. */
  readonly url: string;
  readonly sha256?: string;
  readonly imagePullPolicy?: 'UNSPECIFIED_POLICY' | 'IfNotPresent' | 'Always';
  readonly imagePullSecret?: string;
  readonly verificationKey?: string;
  readonly pluginConfig?: Readonly<Record<string, unknown>>;
  readonly pluginName?: string;
  readonly phase?: 'UNSPECIFIED_PHASE' | 'AUTHN' | 'AUTHZ' | 'STATS';
  readonly priority?: number;
  readonly failStrategy?: 'FAIL_CLOSE' | 'FAIL_OPEN' | 'FAIL_RELOAD';
  readonly vmConfig?: {
    readonly env?: readonly {
      readonly name: string;
      readonly valueFrom?: 'INLINE' | 'HOST';
      readonly value?: string;
    }[];
  };
  readonly match?: readonly {
    readonly mode?: 'UNDEFINED' | 'CLIENT' | 'SERVER' | 'CLIENT_AND_SERVER';
    readonly ports?: readonly { readonly number: number }[];
  }[];
  readonly type?: 'UNSPECIFIED_PLUGIN_TYPE' | 'HTTP' | 'NETWORK';
}
