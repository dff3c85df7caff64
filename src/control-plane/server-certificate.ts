import type { Authority } from '../security/index.ts';
import type { ServerKeyPair } from '../xds/index.ts';

/** Twelve hours: half of the longest life of a certificate, so that one is renewed while the other still holds. */
const RENEW_EVERY_MS = 12 * 3_600_000;
const TTL_MS = 24 * 3_600_000;
/** After a renewal that failed: the authority may have run out, and another one may be on its way. */
const RETRY_MS = 60_000;

/** The name that proxies ask for, whatever address the control plane has (Istio's istiod). */
export const SERVER_NAME = 'istiod.istio-system.svc';

/** The control plane's own certificate, renewed while it runs and when another authority signs. */
export class ServerCertificate {
  private readonly issue: () => ServerKeyPair;
  private readonly onFailure: (error: unknown) => void;
  private timer: NodeJS.Timeout | undefined;
  private readonly stopAuthority: () => void;
  private readonly listeners = new Set<(pair: ServerKeyPair) => void>();
  pair: ServerKeyPair;

  constructor(options: {
    readonly ca: Authority;
    readonly names: readonly string[];
    readonly address: string;
    readonly now: () => number;
    /** Told when it could not be renewed: the one from before serves until it runs out, and it is tried again. */
    readonly onFailure?: (error: unknown) => void;
  }) {
    const names = [
      ...options.names.map((name) => ({ kind: 'dns', name }) as const),
      { kind: 'ip', address: options.address } as const,
    ];
    this.issue = () => {
      const issued = options.ca.issueServer(names, { ttlMs: TTL_MS });
      return { certPem: issued.certificateChainPem, keyPem: issued.privateKeyPem };
    };
    this.onFailure = options.onFailure ?? (() => undefined);
    this.pair = this.issue();
    this.arm(RENEW_EVERY_MS);
    this.stopAuthority = options.ca.onReplaced(() => this.renew());
  }

  onRenewed(listener: (pair: ServerKeyPair) => void): void {
    this.listeners.add(listener);
  }

  close(): void {
    clearTimeout(this.timer);
    this.stopAuthority();
  }

  private arm(delayMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.renew(), delayMs);
    this.timer.unref();
  }

  private renew(): void {
    try {
      this.pair = this.issue();
    } catch (error) {
      this.arm(RETRY_MS);
      this.onFailure(error);
      return;
    }
    this.arm(RENEW_EVERY_MS);
    for (const listener of this.listeners) listener(this.pair);
  }
}
