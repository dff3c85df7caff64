/** How a pair of clusters is measured by curl, and what its output says. Pure. */
import type { CommandOutcome } from '../../kubernetes-api/index.ts';

/** The first request sets everything up (names, routes, connections on demand); the others are the latency. */
const REQUESTS = 6;
const REQUEST_TIMEOUT_SECONDS = 5;
const STATS = '%{http_code} %{time_namelookup} %{time_connect} %{time_total} %{remote_ip}';

/** What was seen of one pair. Each step rests on the one before. */
export interface Measurement {
  /** The name became an address. */
  readonly name: boolean;
  /** A connection was taken: by the caller's own proxy, where there is one. */
  readonly tcp: boolean;
  /** The HTTP status; 0 where there was none. */
  readonly status: number;
  /** Which cluster answered; empty where none did. */
  readonly cluster: string;
  /** SPIFFE id of the caller, as the proxy of the pod that was called has verified it; empty: it came without mTLS. */
  readonly identity: string;
  /** Median of the requests after the first, in milliseconds. */
  readonly latencyMs: number | undefined;
  /** In words; empty where all is well. */
  readonly problem: string;
}

/** `probe-x1.default.cluster2`: that cluster's endpoints alone. */
export function probeHost(of: { readonly name: string; readonly namespace: string; readonly cluster: string }): string {
  return `${of.name}.${of.namespace}.${of.cluster}`;
}

export function curlCommand(host: string): readonly string[] {
  const url = `http://${host}/`;
  const urls = Array.from({ length: REQUESTS }, () => url);
  return ['curl', '-sS', '-m', String(REQUEST_TIMEOUT_SECONDS), '-w', `${STATS}\n`, ...urls];
}

/** curl's exit codes that say how far it came (curl(1)). */
const NOT_RESOLVED = 6;
const NOT_CONNECTED = 7;
const TIMED_OUT = 28;

/** Reads what curl wrote: for each request a line of the answer and a line of numbers. */
export function readMeasurement({ code, out, err }: CommandOutcome): Measurement {
  const requests = out
    .split('\n')
    .map((line, index, lines) => ({
      stats: /^(\d{3}) ([\d.]+) ([\d.]+) ([\d.]+)/.exec(line),
      body: lines[index - 1] ?? '',
    }))
    .filter(({ stats }) => stats !== null);
  const good = requests.filter(({ stats }) => stats?.[1] === '200');
  const status = Number(requests.at(-1)?.stats?.[1] ?? 0);
  const answer = good.map(({ body }) => parseAnswer(body)).find((each) => each !== undefined);
  const times = good.slice(1).map(({ stats }) => Number(stats?.[4]) * 1_000);
  const name = code !== NOT_RESOLVED && requests.length > 0;
  return {
    name,
    // Later requests go on the first one's connection, for which curl gives no time to connect.
    tcp: name && requests.some(({ stats }) => Number(stats?.[3]) > 0),
    status,
    cluster: answer?.cluster ?? '',
    identity: /(?:^|[;,])URI=([^;,]+)/.exec(answer?.caller ?? '')?.[1] ?? '',
    latencyMs: median(times),
    problem: problemOf({ code, err, status, body: requests.at(-1)?.body ?? '' }),
  };
}

function problemOf(of: {
  readonly code: number;
  readonly err: string;
  readonly status: number;
  readonly body: string;
}): string {
  const said =
    of.err
      .trim()
      .split('\n')[0]
      ?.replace(/^curl: \(\d+\) /, '') ?? '';
  if (of.code === NOT_RESOLVED) return 'the name does not resolve';
  if (of.code === NOT_CONNECTED) return `nobody takes the connection: ${said}`;
  if (of.code === TIMED_OUT) return `no answer within ${REQUEST_TIMEOUT_SECONDS} s`;
  if (of.code !== 0) return said === '' ? `curl ended with ${of.code}` : said;
  return of.status === 200 ? '' : `the answer is ${of.status}: ${of.body.slice(0, 200)}`;
}

function parseAnswer(text: string): { readonly cluster: string; readonly caller: string } | undefined {
  try {
    const { cluster, caller } = JSON.parse(text) as { readonly cluster?: unknown; readonly caller?: unknown };
    return { cluster: typeof cluster === 'string' ? cluster : '', caller: typeof caller === 'string' ? caller : '' };
  } catch {
    return undefined;
  }
}

function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Is it as it should be for a call to that cluster? mTLS is expected of callers with a proxy. */
export function isGood(measurement: Measurement, cluster: string): boolean {
  const { status, identity, problem } = measurement;
  return problem === '' && status === 200 && measurement.cluster === cluster && identity !== '';
}

/** What to do, by how far it came. */
export function hintOf(measurement: Measurement, cluster: string): string {
  if (!measurement.name) {
    return `Pods have to resolve *.${cluster}: see \`pelagos check\` (dns-forwarded), and \`istioctl remote-clusters\` of the control plane that serves the caller.`;
  }
  if (!measurement.tcp)
    return 'The proxy of the caller takes every connection, so look at whether it has one and runs.';
  if (measurement.status !== 200) {
    return `See the log of the caller's istio-proxy for the flags of the answer; the east-west gateway of ${cluster} must be reached on port 15443 from there.`;
  }
  if (measurement.cluster !== cluster)
    return `It was answered by ${measurement.cluster || 'somebody else'}: another rule leads the name away.`;
  return 'It came without mTLS: the caller has no proxy, or a DestinationRule turns TLS off.';
}
