import { createCounters, type XdsCounters } from '../counters.ts';
import { DeltaStream } from '../delta-stream.ts';
import type { DeltaRequest, DeltaResponse } from '../discovery-message.ts';
import { LastGood } from '../last-good.ts';
import type { Nack, ResourceFeed } from '../resource-feed.ts';
import { DEFAULT_STREAM_LIMITS, type StreamLimits } from '../stream-limits.ts';
import { findXdsType, type XdsType } from '../xds-type.ts';
import { ManualClock } from './manual-clock.ts';

/** What the streams of one test server share. */
export interface TestServer {
  readonly clock: ManualClock;
  readonly counters: XdsCounters;
  readonly lastGood: LastGood;
  readonly limits: StreamLimits;
  /** Refusals that stand, by `<proxy> <type> <resource>` (`proxy1 Cluster a`). */
  readonly nacks: Map<string, Nack>;
  /** Does the server not know all that there is yet? */
  isSettling(): boolean;
  setSettling(now: boolean): void;
}

export function createTestServer(limits: Partial<StreamLimits> = {}): TestServer {
  let isSettling = false;
  return {
    clock: new ManualClock(),
    counters: createCounters(),
    lastGood: new LastGood(100),
    limits: { ...DEFAULT_STREAM_LIMITS, ...limits },
    nacks: new Map(),
    isSettling: () => isSettling,
    setSettling: (now) => {
      isSettling = now;
    },
  };
}

/** A proxy at the end of one delta stream: it keeps what it is sent, as the xDS protocol tells clients to. */
export class DeltaClient {
  readonly stream: DeltaStream;
  /** Responses that were neither taken nor refused yet, oldest first. */
  readonly inbox: DeltaResponse[] = [];
  /** By type URL: name to version. */
  readonly held: Map<string, Map<string, string>>;
  /** By type URL: names that it was told do not exist. */
  readonly missing: Map<string, Set<string>> = new Map();
  /** By type URL: what it is subscribed to, `*` for everything. */
  readonly subscribed: Map<string, Set<string>> = new Map();
  readonly #server: TestServer;

  constructor(server: TestServer, feed: ResourceFeed, held: DeltaClient['held'] = new Map()) {
    this.#server = server;
    this.held = held;
    const proxy = 'proxy1';
    this.stream = new DeltaStream({
      clock: server.clock,
      limits: server.limits,
      counters: server.counters,
      lastGood: server.lastGood,
      listener: {
        onNack: (nack) => server.nacks.set(keyOf(nack), nack),
        onRecovered: (nack) => server.nacks.delete(keyOf(nack)),
      },
      isSettling: server.isSettling,
      proxy,
      feed,
      controlPlane: 'test',
      send: (response) => this.inbox.push(response),
    });
  }

  request(type: XdsType, fields: Partial<DeltaRequest> = {}): void {
    this.#follow(type, fields);
    this.stream.receive({
      node: undefined,
      typeUrl: type.url,
      subscribe: [],
      unsubscribe: [],
      initialVersions: new Map(),
      responseNonce: '',
      error: undefined,
      ...fields,
    });
  }

  /** The client's side of a request: what it gives back it drops, unless a wildcard may cover it. */
  #follow(type: XdsType, { subscribe = [], unsubscribe = [] }: Partial<DeltaRequest>): void {
    const first = !this.subscribed.has(type.url);
    const names = this.subscribedTo(type);
    if (first && type.emptyMeansAll && subscribe.length === 0 && unsubscribe.length === 0) names.add('*');
    for (const name of unsubscribe) names.delete(name);
    for (const name of subscribe) {
      names.add(name);
      this.missingOf(type).delete(name);
    }
    if (unsubscribe.length === 0 || names.has('*')) return;
    for (const name of this.heldOf(type).keys()) if (!names.has(name)) this.heldOf(type).delete(name);
  }

  subscribedTo(type: XdsType): Set<string> {
    const names = this.subscribed.get(type.url) ?? new Set<string>();
    this.subscribed.set(type.url, names);
    return names;
  }

  /** The client's set of one type. */
  heldOf(type: XdsType): Map<string, string> {
    const held = this.held.get(type.url) ?? new Map<string, string>();
    this.held.set(type.url, held);
    return held;
  }

  missingOf(type: XdsType): Set<string> {
    const missing = this.missing.get(type.url) ?? new Set<string>();
    this.missing.set(type.url, missing);
    return missing;
  }

  /** Takes the oldest response and says so. */
  ack(type?: XdsType): DeltaResponse | undefined {
    const response = this.#next(type);
    if (!response) return undefined;
    apply(this, response);
    this.#answer(response, undefined);
    return response;
  }

  /** Refuses the oldest response; it keeps what it had. */
  nack(message: string, type?: XdsType): DeltaResponse | undefined {
    const response = this.#next(type);
    if (response) this.#answer(response, message);
    return response;
  }

  /** Takes everything until nothing comes any more. @returns the responses in short form, in the order they came. */
  ackAll(): readonly string[] {
    const seen: string[] = [];
    this.#server.clock.turn();
    for (let response = this.ack(); response; response = this.ack()) {
      seen.push(formatResponse(response));
      this.#server.clock.turn();
    }
    return seen;
  }

  #next(type: XdsType | undefined): DeltaResponse | undefined {
    const at = type === undefined ? 0 : this.inbox.findIndex((response) => response.typeUrl === type.url);
    return at < 0 ? undefined : this.inbox.splice(at, 1)[0];
  }

  #answer(response: DeltaResponse, error: string | undefined): void {
    this.stream.receive({
      node: undefined,
      typeUrl: response.typeUrl,
      subscribe: [],
      unsubscribe: [],
      initialVersions: new Map(),
      responseNonce: response.nonce,
      error: error === undefined ? undefined : { code: 13, message: error },
    });
  }
}

function keyOf(nack: Nack): string {
  return `${nack.proxy} ${shortType(nack.type)} ${nack.resource}`;
}

function shortType(url: string): string {
  return url.slice(url.lastIndexOf('.') + 1);
}

function apply(client: DeltaClient, response: DeltaResponse): void {
  const type = findXdsType(response.typeUrl);
  if (!type) return;
  const subscribed = client.subscribedTo(type);
  for (const item of response.items) {
    const name = item.kind === 'resource' ? item.resource.name : item.name;
    if (!subscribed.has(name) && !subscribed.has('*')) continue;
    client.heldOf(type).set(name, item.kind === 'resource' ? item.resource.version : item.version);
    client.missingOf(type).delete(name);
  }
  for (const name of response.removed) {
    client.heldOf(type).delete(name);
    client.missingOf(type).add(name);
  }
}

/** `Cluster a=1 b=2 -c !d`: versions, removed names, names answered by an empty resource. */
export function formatResponse(response: DeltaResponse): string {
  const items = response.items.map((item) =>
    item.kind === 'resource' ? `${item.resource.name}=${item.resource.version}` : `!${item.name}`,
  );
  return [shortType(response.typeUrl), ...items.sort(), ...response.removed.map((name) => `-${name}`).sort()].join(' ');
}
