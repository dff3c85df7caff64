import type { Authority } from '../security/index.ts';
import type { ServerKeyPair } from '../xds/index.ts';

/** Twelve hours: half of the longest life of a certificate, so that one is renewed while the other still holds. */
const RENEW_EVERY_MS = 12 * 3_600_000;
const TTL_MS = 24 * 3_600_000;

/** The name that proxies ask for, whatever address the control plane has (Istio's istiod). */
export const SERVER_NAME = 'istiod.istio-system.svc';

/** The control plane's own certificate, renewed while it runs and when another authority signs. */
export class ServerCertificate {
  private readonly issue: () => ServerKeyPair;
  private readonly timer: NodeJS.Timeout;
  private readonly stopAuthority: () => void;
  private readonly listeners = new Set<(pair: ServerKeyPair) => void>();
  pair: ServerKeyPair;

  constructor(options: {
    readonly ca: Authority;
    readonly names: readonly string[];
    readonly address: string;
    readonly now: () => number;
  }) {
    const names = [
      ...options.names.map((name) => ({ kind: 'dns', name }) as const),
      { kind: 'ip', address: options.address } as const,
    ];
    this.issue = () => {
      const issued = options.ca.issueServer(names, { ttlMs: TTL_MS });
      return { certPem: issued.certificateChainPem, keyPem: issued.privateKeyPem };
    };
    this.pair = this.issue();
    this.timer = setInterval(() => this.renew(), RENEW_EVERY_MS);
    this.timer.unref();
    this.stopAuthority = options.ca.onReplaced(() => this.renew());
  }

  onRenewed(listener: (pair: ServerKeyPair) => void): void {
    this.listeners.add(listener);
  }

  close(): void {
    clearInterval(this.timer);
    this.stopAuthority();
  }

  private renew(): void {
    this.pair = this.issue();
    for (const listener of this.listeners) listener(this.pair);
  }
}
