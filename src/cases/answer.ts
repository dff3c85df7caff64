import type { Outcome, Walk } from '../simulate/index.ts';

/** What came of one call, or of a part of all simulated ones. */
export interface Answer {
  /** 1 for a real call, the probability of a simulated one. */
  readonly weight: number;
  /** undefined where the connection ended without an answer. */
  readonly status: number | undefined;
  /** What a proxy answered by itself; undefined where an application did. */
  readonly body: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** What the echo application said: cluster, namespace, pod, version, app, method, path, host, caller. */
  readonly fields: Readonly<Record<string, string>>;
  /** The headers that the application got. */
  readonly received: Readonly<Record<string, string>>;
  /** What each hop says; empty for real calls. */
  readonly hops: readonly string[];
}

/** The answers of a walk, with their probabilities as weights. */
export function answersOfWalk(walk: Walk): readonly Answer[] {
  return walk.paths.map(({ probability, outcome, hops }) => ({
    weight: probability,
    status: outcome.status,
    body: outcome.app ? undefined : outcome.body,
    headers: outcome.headers,
    fields: fieldsOf(outcome),
    received: outcome.request?.headers ?? {},
    hops: hops.map(({ text }) => text),
  }));
}

function fieldsOf({ app, request }: Outcome): Readonly<Record<string, string>> {
  if (!app) return {};
  const caller = callerOf(request?.headers['x-forwarded-client-cert'] ?? '');
  return {
    ...app.fields,
    ...(request ? { method: request.method, path: request.path, host: request.authority } : {}),
    ...(caller === undefined ? {} : { caller }),
  };
}

/** The URI of the last element of X-Forwarded-Client-Cert: the caller of the application's own proxy. */
function callerOf(header: string): string | undefined {
  const last = header.slice(header.lastIndexOf(',') + 1);
  return /(?:^|;)URI=([^;]+)/.exec(last)?.[1];
}

/** A real answer: its body is the echo application's JSON, or a proxy's own text. */
export function realAnswer(response: {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}): Answer {
  const echo = parseEcho(response.body);
  const received = echo?.['headers'];
  return {
    weight: 1,
    status: response.status,
    body: echo ? undefined : response.body,
    headers: response.headers,
    fields: echo ? textsOf(echo) : {},
    received: isRecord(received) ? textsOf(received) : {},
    hops: [],
  };
}

function parseEcho(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) && typeof value['pod'] === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textsOf(record: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const [key, value] of Object.entries(record)) {
    if (typeof value === 'string' || typeof value === 'number') texts[key.toLowerCase()] = String(value);
  }
  return texts;
}
