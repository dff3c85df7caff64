import type { IssuedCertificate } from './certificate.ts';
import type { CertificateIssuer } from './certificate-authority.ts';
import { encodeTrustBundle, encodeWorkloadCertificate, type WorkloadSecret } from './envoy-secret.ts';
import { callAll, Listeners } from './listeners.ts';
import type { TrustBundle } from './trust-bundle.ts';

/** Istio's names of the two secrets that every proxy asks for over SDS. */
export type WorkloadSecretName = 'default' | 'ROOTCA';

/** Runs something once, after a time. @returns the way to call it off. */
export type Schedule = (run: () => void, delayMs: number) => () => void;

/** A workload's certificate lives a day, unless set. */
export const DEFAULT_LEAF_TTL_MS: number = 24 * 3_600_000;
/**
 * The clock is looked at this often at least: timers stand still while a machine sleeps, certificates run out nevertheless.
 */
const MAX_SLEEP_MS = 60_000;
/** Half of what is left gets ever shorter where the root itself is about to run out. */
const MIN_RENEWAL_MS = 1000;
/** After a renewal that failed; the old certificate serves on meanwhile. */
const RETRY_MS = 30_000;
/** Renewals come up to this share before half-life, by chance, so that proxies that started at once do not renew at once. */
const JITTER = 0.1;

export interface WorkloadSecretsOptions {
  readonly issuer: CertificateIssuer;
  readonly bundle: TrustBundle;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** 24 hours at most; the default is that. */
  readonly ttlMs?: number;
  /** The default is an unreferenced timer, which does not keep the process alive. */
  readonly schedule?: Schedule;
  /** From 0 to 1, for the jitter. */
  readonly random?: () => number;
  /** Told when a certificate could not be renewed; it is tried again, and the old one serves until it runs out. */
  readonly onRenewalFailure?: (identity: string, error: unknown) => void;
}

type Watcher = (secret: WorkloadSecret) => void;

/** One identity's certificate, shared by all who watch it. */
interface HeldCertificate {
  secret: WorkloadSecret;
  renewAtMs: number;
  readonly watchers: Listeners<WorkloadSecret>;
}

/**
 * The SDS side of the authority: one certificate per identity while somebody watches it, renewed at half-life, and the
 * trust bundle. Keys live in memory only, and are dropped with their last watcher.
 */
export class WorkloadSecrets {
  readonly #options: Required<Omit<WorkloadSecretsOptions, 'issuer'>>;
  readonly #held = new Map<string, HeldCertificate>();
  readonly #bundleWatchers = new Listeners<WorkloadSecret>();
  readonly #stopBundle: () => void;
  #issuer: CertificateIssuer;
  #bundleSecret: WorkloadSecret | undefined;
  #wake: { readonly atMs: number; readonly cancel: () => void } | undefined;

  constructor(options: WorkloadSecretsOptions) {
    const { issuer, ...rest } = options;
    this.#options = {
      ttlMs: DEFAULT_LEAF_TTL_MS,
      schedule: scheduleUnreferenced,
      random: Math.random,
      onRenewalFailure: () => {},
      ...rest,
    };
    this.#issuer = issuer;
    this.#bundleSecret = encodeBundle(options.bundle);
    this.#stopBundle = options.bundle.onChange(() => this.#bundleChanged());
  }

  /**
   * Keeps the secret alive until the returned function is called, and tells of every later version; the one of now is what
   * {@link get} gives.
   * @throws SecurityError where no certificate can be issued for the identity.
   */
  watch(identity: string, name: WorkloadSecretName, onChange: Watcher): () => void {
    if (name === 'ROOTCA') return this.#bundleWatchers.add(onChange);
    let held = this.#held.get(identity);
    if (!held) {
      held = { ...this.#issue(identity), watchers: new Listeners() };
      this.#held.set(identity, held);
      this.#armFor(held.renewAtMs);
    }
    const stop = held.watchers.add(onChange);
    return () => {
      stop();
      this.#dropUnwatched(identity);
    };
  }

  /** @returns undefined for a certificate that nobody watches, and for a bundle without roots. */
  get(identity: string, name: WorkloadSecretName): WorkloadSecret | undefined {
    return name === 'ROOTCA' ? this.#bundleSecret : this.#held.get(identity)?.secret;
  }

  /** How many identities have a certificate in memory. */
  get size(): number {
    return this.#held.size;
  }

  /** Lets another authority sign from now on, and renews everything: the middle step of a root's rotation. */
  replaceIssuer(issuer: CertificateIssuer): void {
    this.#issuer = issuer;
    for (const held of this.#held.values()) held.renewAtMs = this.#options.now();
    this.#renewDue();
  }

  /** Stops the timer, forgets all keys and watchers. */
  close(): void {
    this.#stopBundle();
    this.#disarm();
    this.#held.clear();
    this.#bundleWatchers.clear();
  }

  #issue(identity: string): Pick<HeldCertificate, 'secret' | 'renewAtMs'> {
    const { ttlMs, now, random } = this.#options;
    const issued: IssuedCertificate = this.#issuer.issue(identity, { ttlMs });
    const nowMs = now();
    const halfLifeMs = ((issued.notAfter - nowMs) / 2) * (1 - JITTER * random());
    return {
      secret: encodeWorkloadCertificate('default', issued),
      renewAtMs: nowMs + Math.max(halfLifeMs, MIN_RENEWAL_MS),
    };
  }

  #dropUnwatched(identity: string): void {
    if (this.#held.get(identity)?.watchers.size === 0) this.#held.delete(identity);
    if (this.#held.size === 0) this.#disarm();
  }

  #renewDue(): void {
    const { now, onRenewalFailure } = this.#options;
    const renewed: HeldCertificate[] = [];
    this.#disarm();
    for (const [identity, held] of this.#held) {
      if (held.renewAtMs <= now()) {
        try {
          Object.assign(held, this.#issue(identity));
          renewed.push(held);
        } catch (error) {
          held.renewAtMs = now() + RETRY_MS;
          onRenewalFailure(identity, error);
        }
      }
      this.#armFor(held.renewAtMs);
    }
    callAll(renewed.map((held) => () => held.watchers.tell(held.secret)));
  }

  /** One timer for all: set for the earliest renewal, or for the next look at the clock. */
  #armFor(renewAtMs: number): void {
    const nowMs = this.#options.now();
    const atMs = Math.min(Math.max(renewAtMs, nowMs), nowMs + MAX_SLEEP_MS);
    if (this.#wake && this.#wake.atMs <= atMs) return;
    this.#wake?.cancel();
    this.#wake = { atMs, cancel: this.#options.schedule(() => this.#renewDue(), atMs - nowMs) };
  }

  #disarm(): void {
    this.#wake?.cancel();
    this.#wake = undefined;
  }

  #bundleChanged(): void {
    this.#bundleSecret = encodeBundle(this.#options.bundle);
    if (this.#bundleSecret) this.#bundleWatchers.tell(this.#bundleSecret);
  }
}

/** An Envoy refuses a validation context without a root, so an empty bundle is no secret. */
function encodeBundle(bundle: TrustBundle): WorkloadSecret | undefined {
  return bundle.pem === '' ? undefined : encodeTrustBundle('ROOTCA', bundle.pem);
}

function scheduleUnreferenced(run: () => void, delayMs: number): () => void {
  const timer = setTimeout(run, delayMs);
  timer.unref();
  return () => clearTimeout(timer);
}
