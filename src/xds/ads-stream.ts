import type { Batch, Gates, Tick } from './batch.ts';
import type { XdsCounters } from './counters.ts';
import { type LastGood, SharedVersions } from './last-good.ts';
import { type RefusalListener, Refusals } from './refusals.ts';
import type { ResourceFeed } from './resource-feed.ts';
import type { StreamClock } from './stream-clock.ts';
import type { StreamLimits } from './stream-limits.ts';
import { NameBudget, SubscribedNames } from './subscribed-names.ts';
import { TypeStream } from './type-stream.ts';
import { CDS, EDS, findXdsType, RDS, routeConfigurationOf, SDS, VHDS, XDS_TYPES, type XdsType } from './xds-type.ts';

/** What the streams of one server have in common. */
export interface StreamShared {
  readonly clock: StreamClock;
  readonly limits: StreamLimits;
  readonly counters: XdsCounters;
  readonly lastGood: LastGood;
  readonly listener: RefusalListener;
  /** While true, what a proxy brought from an earlier stream stays as it is: see {@link AdsServer.settle}. */
  readonly isSettling?: () => boolean;
}

export interface AdsStreamOptions extends StreamShared {
  /** How the proxy calls itself (Node.id), for messages. */
  readonly proxy: string;
  readonly feed: ResourceFeed;
  readonly canSplit: boolean;
  /** Writes one response. @returns its size in bytes. */
  readonly write: (type: TypeStream, batch: Batch, nonce: string) => number;
}

/**
 * All types of one aggregated stream, and the order between them: make before break.
 * Changes that come before the next turn of the clock belong to one batch (a tick). What refers to something waits until
 * the changes of the same or an earlier batch to what it refers to have been taken; removals of what was referred to wait
 * until those that referred to it have moved. Answers to requests never wait.
 */
export class AdsStream {
  readonly #options: AdsStreamOptions;
  readonly #types = new Map<XdsType, TypeStream>();
  readonly #lastAckAtMs = new Map<XdsType, number>();
  readonly #budget: NameBudget;
  #tick: Tick = 1;
  /** Changes up to this batch have waited long enough. */
  #overdue: Tick = 0;
  #nonce = 0;
  #scheduled = false;
  #stopWaiting: (() => void) | undefined;
  #closed = false;

  constructor(options: AdsStreamOptions) {
    this.#options = options;
    this.#budget = new NameBudget(options.limits.namesPerStream);
  }

  find(type: XdsType): TypeStream | undefined {
    return this.#types.get(type);
  }

  /** The types that the proxy has asked for, in the order of sending. */
  types(): readonly TypeStream[] {
    return XDS_TYPES.flatMap((type) => this.#types.get(type) ?? []);
  }

  lastAckAtMs(type: XdsType): number | undefined {
    return this.#lastAckAtMs.get(type);
  }

  /** The type's state; `created` when this is its first request. undefined for types that are not served. */
  open(url: string): { readonly stream: TypeStream; readonly created: boolean } | undefined {
    const type = findXdsType(url);
    if (!type) return undefined;
    const known = this.#types.get(type);
    if (known) return { stream: known, created: false };
    const stream = this.#create(type);
    this.#types.set(type, stream);
    return { stream, created: true };
  }

  subscribe(stream: TypeStream, name: string): void {
    if (!stream.subscribe(name)) this.#options.counters.namesRefused += 1;
  }

  /** The proxy's answer to a response; one to a response that is not on its way is out of date and means nothing. */
  answer(stream: TypeStream, nonce: string, error: string | undefined): void {
    if (nonce === '' || stream.inFlight?.nonce !== nonce) return;
    const counters = this.#options.counters.types[stream.type.short];
    if (error !== undefined) {
      if (counters) counters.nacks += 1;
      stream.nack(error);
      return;
    }
    if (counters) counters.acks += 1;
    this.#lastAckAtMs.set(stream.type, this.#options.clock.nowMs());
    const fresh = stream.ack();
    if (stream.type === RDS) this.#sendVirtualHostsOf(fresh);
  }

  /** Sends what is to be sent once the current turn is over, so that changes of one turn become one response. */
  schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    this.#options.clock.defer(() => this.#flush());
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopWaiting?.();
    for (const stream of this.#types.values()) stream.close();
    this.#options.feed.close();
  }

  #create(type: XdsType): TypeStream {
    const { feed, limits, lastGood, canSplit, proxy, listener } = this.#options;
    const counters = this.#options.counters.types[type.short] ?? {
      pushes: 0,
      bytes: 0,
      acks: 0,
      nacks: 0,
      subscriptions: 0,
    };
    const names = new SubscribedNames({
      url: type.url,
      feed,
      budget: this.#budget,
      maxNameLength: limits.nameLength,
      counters,
      onChange: (name) => {
        this.#types.get(type)?.markChanged(name, this.#tick);
        this.schedule();
      },
    });
    const refusals = new Refusals(proxy, listener);
    return new TypeStream({
      type,
      names,
      lastGood: new SharedVersions(type, feed, lastGood),
      refusals,
      isSettling: this.#options.isSettling ?? (() => false),
      isReady: (name) => type !== VHDS || names.asked(name) || this.#routeTaken(name),
      canSplit,
      maxResponseBytes: limits.responseBytes,
    });
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.#closed) return;
    this.#tick += 1;
    let waiting = false;
    for (const stream of this.types()) {
      const batch = stream.take(this.#gatesOf(stream, () => (waiting = true)));
      if (batch) this.#send(stream, batch);
    }
    if (waiting) this.#waitNoLongerThanAllowed();
    else this.#stopWaiting?.();
  }

  #send(stream: TypeStream, batch: Batch): void {
    this.#nonce += 1;
    const nonce = String(this.#nonce);
    stream.sent(batch, nonce);
    const bytes = this.#options.write(stream, batch, nonce);
    const counters = this.#options.counters.types[stream.type.short];
    if (counters) {
      counters.pushes += 1;
      counters.bytes += bytes;
    }
    if (stream.type === CDS) this.#sendEndpointsOf(batch);
  }

  #gatesOf(stream: TypeStream, onWait: () => void): Gates {
    const hold = (blocked: boolean): boolean => {
      if (blocked) onWait();
      return !blocked;
    };
    return {
      mayUpdate: (tick) => hold(tick > this.#overdue && this.#referredToPending(stream.type, tick)),
      mayRemove: (tick) =>
        !stream.type.removedLast || hold(tick > this.#overdue && this.#referringPending(stream.type, tick)),
    };
  }

  /**
   * Envoy holds back its ACK of clusters until they are warm, which takes their endpoints and secrets: those wait only
   * for the clusters to be sent, never for the ACK.
   */
  #referredToPending(type: XdsType, tick: Tick): boolean {
    const sentIsEnough = type === EDS || type === SDS;
    for (const stream of this.types()) {
      if (stream.type === type) return false;
      const inFlight = stream.inFlight;
      if (inFlight && inFlight.tick <= tick && !sentIsEnough) return true;
      if (!(sentIsEnough && inFlight) && stream.owesUpdate(tick)) return true;
    }
    return false;
  }

  #referringPending(type: XdsType, tick: Tick): boolean {
    return this.types()
      .filter((stream) => !stream.type.removedLast && stream.type !== type)
      .some((stream) => (stream.inFlight && stream.inFlight.tick <= tick) || stream.owesUpdate(tick));
  }

  #waitNoLongerThanAllowed(): void {
    if (this.#stopWaiting) return;
    const upTo = this.#tick;
    const cancel = this.#options.clock.delay(this.#options.limits.orderTimeoutMs, () => {
      this.#stopWaiting = undefined;
      this.#overdue = upTo;
      this.schedule();
    });
    this.#stopWaiting = () => {
      this.#stopWaiting = undefined;
      cancel();
    };
  }

  /**
   * A cluster that is replaced warms anew, and is warm only when its endpoints are sent again, changed or not (xDS
   * protocol, "Resource warming"). Endpoints carry their cluster's name.
   */
  #sendEndpointsOf(batch: Batch): void {
    const endpoints = this.find(EDS);
    if (!endpoints) return;
    for (const [name, entry] of batch.entries) {
      if (entry.kind !== 'update' || !entry.held) continue;
      if (endpoints.names.asked(name) && !endpoints.refusals.find(name)) endpoints.resend(name);
    }
  }

  /**
   * Envoy asks for virtual hosts in general once, for the first route configuration that has them. One that comes later
   * makes no request, and overlooks virtual hosts that were sent before it: it gets its own when it has been taken.
   */
  #sendVirtualHostsOf(routeConfigurations: readonly string[]): void {
    const virtualHosts = this.find(VHDS);
    if (!virtualHosts || routeConfigurations.length === 0) return;
    const taken = new Set(routeConfigurations);
    for (const name of virtualHosts.names.wildNames()) {
      if (taken.has(routeConfigurationOf(name))) virtualHosts.resend(name);
    }
  }

  #routeTaken(virtualHost: string): boolean {
    const routes = this.find(RDS);
    const routeConfiguration = routeConfigurationOf(virtualHost);
    return !routes?.names.asked(routeConfiguration) || routes.holds(routeConfiguration);
  }
}
