import type { Connection } from './payload.ts';
import type { ResourceName } from './resource-lookup.ts';
import type { FailureKind, Hop, HopKind, Outcome, Path, Trail } from './trail.ts';
import type { ProxyKey, ProxySite, World } from './world.ts';

/** Where an upstream connection goes. */
export type Dialled =
  | { readonly kind: 'socket'; readonly address: string; readonly port: number }
  | { readonly kind: 'internal'; readonly listener: string };

/** A connection that a proxy opens; its destination is what the other side will see as its own address. */
export interface Dial {
  readonly to: Dialled;
  readonly connection: Connection;
}

/** A walk at one proxy. Never changed: every decision gives a new one. */
export interface Step {
  readonly world: World;
  readonly proxy: ProxyKey;
  readonly site: ProxySite;
  readonly trail: Trail;
  /** Connections passed so far; bounded, so that a loop ends. */
  readonly depth: number;
  /** Continues on the other side of a connection. */
  readonly dial: (step: Step, dial: Dial) => readonly Path[];
}

/** What a hop is about. */
export interface HopSubject {
  readonly kind: HopKind;
  readonly name: string;
  readonly resource: ResourceName;
}

export function withHop(step: Step, subject: HopSubject, text: string): Step {
  const hop: Hop = { proxy: step.proxy, ...subject, text };
  return { ...step, trail: { ...step.trail, hops: [...step.trail.hops, hop] } };
}

/** One of several ways, taken with this share (0 to 1). */
export function withShare(step: Step, share: number): Step {
  return { ...step, trail: { ...step.trail, probability: step.trail.probability * share } };
}

export function end(step: Step, outcome: Outcome): readonly Path[] {
  return [{ ...step.trail, outcome }];
}

/** Ends without an answer: the connection is closed. */
export function fail(step: Step, kind: FailureKind, message: string): readonly Path[] {
  return end(step, { headers: {}, failure: { kind, proxy: step.proxy, message } });
}

/** Ends with an answer of the proxy itself. */
export function answer(step: Step, reply: LocalReply): readonly Path[] {
  const { status, body = '', headers = {}, failure } = reply;
  return end(step, {
    status,
    body,
    headers,
    ...(failure ? { failure: { ...failure, proxy: step.proxy } } : {}),
  });
}

/** What a proxy answers by itself. */
export interface LocalReply {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly failure?: { readonly kind: FailureKind; readonly message: string };
}
