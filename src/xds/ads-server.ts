import {
  type handleBidiStreamingCall,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import { AdsSession, type Protocol } from './ads-session.ts';
import { createCounters, type XdsCounters } from './counters.ts';
import { LastGood } from './last-good.ts';
import { RenewableServerCredentials, type ServerKeyPair } from './renewable-server-credentials.ts';
import type { Admit, Nack } from './resource-feed.ts';
import type { StreamChannel, StreamEnd } from './stream-channel.ts';
import { SYSTEM_CLOCK } from './stream-clock.ts';
import { DEFAULT_STREAM_LIMITS, type StreamLimits } from './stream-limits.ts';
import type { StreamStatus } from './stream-status.ts';

export interface AdsServerOptions {
  /** The address to listen on; give a loopback address unless the caller has decided otherwise. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** The server's own key pair; `insecure` is for tests of clients that can only speak plain text on the loopback. */
  readonly tls: ServerKeyPair | 'insecure';
  /** A second port, plain text, on 127.0.0.1 only: for people who look at the streams from this very machine. */
  readonly loopbackPort?: number;
  readonly admit: Admit;
  /** The control plane's name: in responses and in status. */
  readonly controlPlane: string;
  /** Limits that differ from {@link DEFAULT_STREAM_LIMITS}. */
  readonly limits?: Partial<StreamLimits>;
  /** Does it begin without knowing all that there is? Then {@link AdsServer.settle} says when it does. */
  readonly isSettling?: boolean;
  /** A proxy refuses a resource. */
  readonly onNack?: (nack: Nack) => void;
  /** A refusal is over: the proxy took a later version, the resource has gone, or the proxy has. */
  readonly onRecovered?: (nack: Nack) => void;
  /** The status of a stream may have changed; called often, so do little. */
  readonly onProgress?: () => void;
}

type Call = ServerDuplexStream<Buffer, Buffer>;

const SERVICE = 'envoy.service.discovery.v3.AggregatedDiscoveryService';
const METHODS: Readonly<Record<string, Protocol>> = {
  DeltaAggregatedResources: 'delta',
  StreamAggregatedResources: 'sotw',
};

/** grpc-js counts a connection dead that does not answer a ping within the time-out. */
const KEEPALIVE_MS = 30_000;
const KEEPALIVE_TIMEOUT_MS = 10_000;
/** A proxy needs one; a few more for reconnects that overlap. */
const STREAMS_PER_CONNECTION = 16;

function identity(message: Buffer): Buffer {
  return message;
}

function serviceDefinition(): ServiceDefinition {
  const methods: Record<string, ServiceDefinition[string]> = {};
  for (const name of Object.keys(METHODS)) {
    methods[name] = {
      path: `/${SERVICE}/${name}`,
      requestStream: true,
      responseStream: true,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    };
  }
  return methods;
}

/** The xDS server: aggregated streams, delta and state of the world, over gRPC with TLS. */
export class AdsServer {
  readonly counters: XdsCounters = createCounters();
  readonly #options: AdsServerOptions;
  readonly #limits: StreamLimits;
  readonly #lastGood: LastGood;
  readonly #credentials: ServerCredentials;
  readonly #server: Server;
  readonly #sessions = new Set<AdsSession>();
  readonly #byOwner = new Map<string, Set<AdsSession>>();
  #isSettling: boolean;

  constructor(options: AdsServerOptions) {
    this.#options = options;
    this.#isSettling = options.isSettling ?? false;
    this.#limits = { ...DEFAULT_STREAM_LIMITS, ...options.limits };
    this.#lastGood = new LastGood(this.#limits.lastGoodResources);
    this.#credentials =
      options.tls === 'insecure' ? ServerCredentials.createInsecure() : new RenewableServerCredentials(options.tls);
    this.#server = new Server({
      'grpc.max_receive_message_length': this.#limits.requestBytes,
      'grpc.max_send_message_length': -1,
      'grpc.max_concurrent_streams': STREAMS_PER_CONNECTION,
      'grpc.keepalive_time_ms': KEEPALIVE_MS,
      'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
      'grpc.so_reuseport': 0,
    });
    const handlers: Record<string, handleBidiStreamingCall<Buffer, Buffer>> = {};
    for (const [name, protocol] of Object.entries(METHODS)) handlers[name] = (call) => this.#serve(call, protocol);
    this.#server.addService(serviceDefinition(), handlers);
  }

  /** Starts to listen. @returns the port. @throws where an address cannot be bound. */
  async listen(): Promise<number> {
    const { host, port, loopbackPort } = this.#options;
    const bound = await this.#bind(host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`, this.#credentials);
    if (loopbackPort !== undefined) await this.#bind(`127.0.0.1:${loopbackPort}`, ServerCredentials.createInsecure());
    return bound;
  }

  #bind(target: string, credentials: ServerCredentials): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(target, credentials, (error, bound) => {
        if (error) reject(error);
        else resolve(bound);
      });
    });
  }

  /** Serves new connections with another key; open streams go on. @throws where the pair does not fit: the old one stays. */
  replaceCertificate(pair: ServerKeyPair): void {
    if (this.#credentials instanceof RenewableServerCredentials) this.#credentials.replace(pair);
  }

  /** Every connected proxy; its newest stream where it has several. */
  status(): readonly StreamStatus[] {
    const statuses: StreamStatus[] = [];
    for (const sessions of this.#byOwner.values()) {
      const newest = [...sessions].at(-1)?.status;
      if (newest) statuses.push(newest);
    }
    return statuses;
  }

  /** Ends the streams of one proxy, such as one whose pod is gone; who comes back is admitted anew or not at all. */
  end(proxy: { readonly cluster: string; readonly namespace: string; readonly pod: string }, reason: string): void {
    const owner = `${proxy.cluster}/${proxy.namespace}/${proxy.pod}`;
    for (const session of [...(this.#byOwner.get(owner) ?? [])]) session.refuse('UNAUTHENTICATED', reason);
  }

  /** Ends the streams of all proxies of a cluster that is not served any more: they go on with what they have. */
  endCluster(cluster: string, reason: string): void {
    for (const [owner, sessions] of [...this.#byOwner]) {
      if (!owner.startsWith(`${cluster}/`)) continue;
      for (const session of [...sessions]) session.refuse('UNAUTHENTICATED', reason);
    }
  }

  /**
   * Says that all there is is known now. Before that, proxies that come back from an earlier stream keep what they brought, as
   * a control plane that has just started may know too little of it; what they ask for anew is answered all the same.
   */
  settle(): void {
    if (!this.#isSettling) return;
    this.#isSettling = false;
    for (const session of this.#sessions) session.review();
  }

  /** Ends every stream and stops listening. */
  async close(): Promise<void> {
    for (const session of [...this.#sessions]) session.refuse('UNAVAILABLE', 'The control plane is stopping.');
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#server.forceShutdown();
  }

  #serve(call: Call, protocol: Protocol): void {
    const channel = channelOf(call);
    if (this.#sessions.size >= this.#limits.streams) {
      this.counters.streamsRefused += 1;
      channel.fail('RESOURCE_EXHAUSTED', `This control plane serves ${this.#limits.streams} streams at most.`);
      return;
    }
    const session = new AdsSession({
      protocol,
      channel,
      admit: this.#options.admit,
      controlPlane: this.#options.controlPlane,
      clock: SYSTEM_CLOCK,
      limits: this.#limits,
      counters: this.counters,
      lastGood: this.#lastGood,
      isSettling: () => this.#isSettling,
      listener: {
        onNack: (nack) => this.#options.onNack?.(nack),
        onRecovered: (nack) => this.#options.onRecovered?.(nack),
      },
      onAdmitted: (admitted) => this.#admitted(admitted),
      onRefused: () => {
        this.counters.streamsRefused += 1;
      },
      onProgress: () => this.#options.onProgress?.(),
    });
    this.#sessions.add(session);
    this.counters.streams += 1;
    this.counters.streamsOpened += 1;
    const over = (): void => this.#over(session);
    call.on('data', (message: Buffer) => session.receive(message));
    call.on('end', () => {
      call.end();
      over();
    });
    call.on('cancelled', over);
    call.on('error', over);
    call.on('close', over);
  }

  #admitted(session: AdsSession): void {
    const sessions = this.#byOwner.get(session.owner) ?? new Set();
    this.#byOwner.set(session.owner, sessions);
    sessions.add(session);
    for (const oldest of sessions) {
      if (sessions.size <= this.#limits.streamsPerProxy) break;
      sessions.delete(oldest);
      oldest.refuse('ABORTED', `This proxy has opened more than ${this.#limits.streamsPerProxy} streams.`);
    }
  }

  #over(session: AdsSession): void {
    if (!this.#sessions.delete(session)) return;
    this.counters.streams -= 1;
    const sessions = this.#byOwner.get(session.owner);
    sessions?.delete(session);
    if (sessions?.size === 0) this.#byOwner.delete(session.owner);
    session.close();
  }
}

function channelOf(call: Call): StreamChannel {
  let open = true;
  const [authorization] = call.metadata.get('authorization');
  return {
    authorization: typeof authorization === 'string' ? authorization : undefined,
    send: (message) => {
      if (open && !call.cancelled) call.write(message);
    },
    pause: () => call.pause(),
    resume: () => call.resume(),
    fail: (code: StreamEnd, reason) => {
      if (!open) return;
      open = false;
      call.emit('error', { code: status[code], details: reason });
    },
  };
}
