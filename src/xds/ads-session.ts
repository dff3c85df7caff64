import type { StreamShared } from './ads-stream.ts';
import { DeltaStream } from './delta-stream.ts';
import type { DeltaRequest, SotwRequest } from './discovery-message.ts';
import { readDeltaRequest, readSotwRequest } from './discovery-reader.ts';
import { writeDeltaResponse, writeSotwResponse } from './discovery-writer.ts';
import type { Admission, Admit, NodeInfo } from './resource-feed.ts';
import { SotwStream } from './sotw-stream.ts';
import type { StreamChannel } from './stream-channel.ts';
import type { StreamClock } from './stream-clock.ts';
import { type StreamStatus, statusOfTypes } from './stream-status.ts';

export type Protocol = 'delta' | 'sotw';

export interface SessionOptions extends StreamShared {
  readonly protocol: Protocol;
  readonly channel: StreamChannel;
  readonly admit: Admit;
  readonly controlPlane: string;
  /** The proxy is let in; what the session holds from now on has to be closed. */
  readonly onAdmitted: (session: AdsSession) => void;
  /** The server refuses or ends the stream. */
  readonly onRefused: () => void;
  /** Something was received, sent or given up: the state may be another one. Called often. */
  readonly onProgress?: () => void;
}

/** The longest wait that timers take (2^31 - 1 ms, 24 days); what lies beyond is waited for in steps. */
const MAX_DELAY_MS = 2 ** 31 - 1;

type Opened = {
  readonly proxy: NodeInfo;
  readonly who: Admission & { kind: 'admitted' };
  readonly connectedAtMs: number;
} & (
  | { readonly protocol: 'delta'; readonly stream: DeltaStream }
  | { readonly protocol: 'sotw'; readonly stream: SotwStream }
);

/**
 * One stream from its first byte to its end: the first request says who the proxy is, `admit` decides whether that is
 * so, and only then anything is subscribed. Until then requests are held back, not stored.
 */
export class AdsSession {
  readonly #options: SessionOptions;
  #state: 'hello' | 'admitting' | 'open' | 'closed' = 'hello';
  #waiting: Buffer[] = [];
  #opened: Opened | undefined;
  readonly #cancelHello: () => void;
  #cancelExpiry: () => void = () => undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#cancelHello = options.clock.delay(options.limits.helloTimeoutMs, () =>
      this.refuse('DEADLINE_EXCEEDED', 'The stream was not admitted in time: send the first request with a node.'),
    );
  }

  /** Whose stream it is, as was proved: `<cluster>/<namespace>/<pod>`; empty before admission. */
  get owner(): string {
    const who = this.#opened?.who;
    return who ? `${who.cluster}/${who.namespace}/${who.pod}` : '';
  }

  /** undefined until the proxy was admitted. */
  get status(): StreamStatus | undefined {
    if (!this.#opened) return undefined;
    const { proxy, who, connectedAtMs, stream } = this.#opened;
    return {
      id: proxy.id,
      cluster: who.cluster,
      namespace: who.namespace,
      pod: who.pod,
      controlPlane: this.#options.controlPlane,
      connectedAtMs,
      version: proxy.version,
      types: statusOfTypes(stream.ads),
    };
  }

  /** One request as it came. */
  receive(bytes: Buffer): void {
    if (this.#state === 'closed') return;
    if (this.#state === 'admitting') {
      this.#waiting.push(bytes);
      return;
    }
    let request: DeltaRequest | SotwRequest;
    try {
      request = this.#options.protocol === 'delta' ? readDeltaRequest(bytes) : readSotwRequest(bytes);
    } catch (error) {
      this.refuse('INVALID_ARGUMENT', `The request is no discovery request: ${reasonOf(error)}`);
      return;
    }
    this.#guard(() => {
      if (this.#state === 'hello') this.#hello(request, bytes);
      else this.#request(request);
    });
  }

  /** Looks at what waits to be sent once more. */
  review(): void {
    this.#guard(() => this.#opened?.stream.ads.schedule());
  }

  /** The stream has ended, by whichever side. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#cancelHello();
    this.#cancelExpiry();
    this.#waiting = [];
    this.#opened?.stream.close();
    this.#options.onProgress?.();
  }

  /** Ends the stream with a reason. */
  refuse(code: Parameters<StreamChannel['fail']>[0], reason: string): void {
    if (this.#state === 'closed') return;
    if (this.#state !== 'open') this.#options.onRefused();
    this.#options.channel.fail(code, reason);
    this.close();
  }

  #hello({ node }: DeltaRequest | SotwRequest, bytes: Buffer): void {
    const { channel, admit } = this.#options;
    if (!node || node.id === '') {
      this.refuse('INVALID_ARGUMENT', 'The first request of a stream has to carry a node with an id.');
      return;
    }
    this.#state = 'admitting';
    this.#waiting.push(bytes);
    channel.pause();
    admit({ authorization: channel.authorization, node }).then(
      (admission) => this.#guard(() => this.#admitted(node, admission)),
      (error: unknown) => this.#fault(error),
    );
  }

  #admitted(node: NodeInfo, admission: Admission): void {
    if (this.#state === 'closed') {
      if (admission.kind === 'admitted') admission.feed.close();
      return;
    }
    if (admission.kind === 'refused') {
      const code = this.#options.channel.authorization === undefined ? 'UNAUTHENTICATED' : 'PERMISSION_DENIED';
      this.refuse(code, admission.reason);
      return;
    }
    this.#cancelHello();
    this.#state = 'open';
    this.#opened = this.#open(node, admission);
    this.#options.onAdmitted(this);
    if (admission.expiresAtMs !== undefined) this.#endAt(admission.expiresAtMs);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const bytes of waiting) this.receive(bytes);
    this.#options.channel.resume();
  }

  /** A stream must not outlive the proof that opened it: whoever holds on to it would never have to show a new one. */
  #endAt(expiresAtMs: number): void {
    const { clock } = this.#options;
    const leftMs = Math.max(0, expiresAtMs - clock.nowMs());
    this.#cancelExpiry = clock.delay(Math.min(leftMs, MAX_DELAY_MS), () => {
      if (clock.nowMs() < expiresAtMs) this.#endAt(expiresAtMs);
      else this.refuse('UNAUTHENTICATED', 'The token that opened this stream has expired: come back with a new one.');
    });
  }

  #open(node: NodeInfo, who: Admission & { kind: 'admitted' }): Opened {
    const { protocol, channel, controlPlane, limits, counters, lastGood, listener, isSettling } = this.#options;
    const clock = this.#guardedClock();
    const own = { clock, controlPlane, proxy: node.id, feed: who.feed };
    const shared = { ...own, limits, counters, lastGood, listener, ...(isSettling ? { isSettling } : {}) };
    const write = (message: Buffer): number => {
      channel.send(message);
      return message.length;
    };
    const of = { proxy: node, who, connectedAtMs: clock.nowMs() };
    if (protocol === 'delta') {
      const stream = new DeltaStream({ ...shared, send: (response) => write(writeDeltaResponse(response)) });
      return { ...of, protocol, stream };
    }
    const stream = new SotwStream({ ...shared, send: (response) => write(writeSotwResponse(response)) });
    return { ...of, protocol, stream };
  }

  #request(request: DeltaRequest | SotwRequest): void {
    const opened = this.#opened;
    if (opened?.protocol === 'delta') opened.stream.receive(request as DeltaRequest);
    else opened?.stream.receive(request as SotwRequest);
  }

  /** A fault of ours ends this stream; the others go on. */
  #guard(run: () => void): void {
    try {
      run();
      this.#options.onProgress?.();
    } catch (error) {
      this.#fault(error);
    }
  }

  #fault(error: unknown): void {
    this.refuse('INTERNAL', `The control plane failed on this stream: ${reasonOf(error)}`);
  }

  #guardedClock(): StreamClock {
    const { clock } = this.#options;
    return {
      nowMs: () => clock.nowMs(),
      defer: (run) => clock.defer(() => this.#guard(run)),
      delay: (delayMs, run) => clock.delay(delayMs, () => this.#guard(run)),
    };
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
