import type { ServerTlsSettings } from './server-tls.ts';

/** The ports and hosts that a proxy at the edge of the mesh serves (Istio: networking.istio.io/v1 Gateway). */
export interface GatewaySpec {
  /** Labels of the gateway's pods, in all namespaces. */
  readonly selector?: Readonly<Record<string, string>>;
  readonly servers?: readonly Server[];
}

export interface Server {
  readonly name?: string;
  readonly port: {
    readonly number: number;
    readonly protocol: string;
    readonly name: string;
    readonly targetPort?: number;
  };
  /** `<namespace>/<dnsName>` or `<dnsName>`: which VirtualServices may bind here. */
  readonly hosts: readonly string[];
  /** IP address or `unix://` path to listen on. Not given: all addresses. */
  readonly bind?: string;
  readonly tls?: ServerTlsSettings;
  readonly defaultEndpoint?: string;
}
