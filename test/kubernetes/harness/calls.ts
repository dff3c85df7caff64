import type { Lab } from './lab.ts';

/** What the echo application says of itself and of the call. */
export interface EchoAnswer {
  readonly cluster: string;
  readonly namespace: string;
  readonly pod: string;
  readonly version: string;
  readonly caller: string;
}

/** One call as curl saw it; status 0 where there was no answer. */
export interface CurlAnswer {
  readonly status: number;
  readonly body: string;
}

export interface CallOptions {
  readonly times?: number;
  /** `deployment/service` unless given. */
  readonly from?: string;
}

/** One call by curl in a container of the application. */
export async function curl(lab: Lab, cluster: string, url: string, ...args: readonly string[]): Promise<CurlAnswer> {
  const command = ['curl', '-sS', '-m', '10', '-w', '\\n%{http_code}', ...args, url];
  const { stdout } = await lab.run('kubectl', ['--context', cluster, 'exec', 'deployment/service', '--', ...command]);
  const end = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, Math.max(end, 0)).trimEnd() };
}

/**
 * Calls by curl, one after the other.
 * @returns one answer for each. @throws Error with what curl said, or what came, of the first that was no echo's answer.
 */
export async function callFrom(
  lab: Lab,
  cluster: string,
  url: string,
  { times = 1, from = 'deployment/service' }: CallOptions = {},
): Promise<readonly EchoAnswer[]> {
  const script = `for i in $(seq ${times}); do curl -sS -m 10 "$0" 2>&1 || echo; done`;
  const text = await lab.kubectl(cluster, 'exec', from, '--', 'sh', '-c', script, url);
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const answers = lines.map((line) => {
    if (!line.startsWith('{')) throw new Error(`${cluster} -> ${url}: ${line}`);
    return JSON.parse(line) as EchoAnswer;
  });
  if (answers.length !== times) throw new Error(`${cluster} -> ${url}: ${answers.length} of ${times} calls answered`);
  return answers;
}

/** How many items there are of each kind. */
export function countBy<T>(items: readonly T[], key: (item: T) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}
