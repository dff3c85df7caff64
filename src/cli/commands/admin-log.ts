import type { KubernetesObject } from '../../kubernetes-api/index.ts';
import { CliError, notFoundError } from '../cli-error.ts';
import type { CommandCall, RunCommand } from '../command-spec.ts';
import { askIstiod, findIstiods, type IstiodRequest } from '../kubernetes/istiod.ts';
import { connectKubernetes, type KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';
import { parseScopeLevels, readScopes, type Scope } from '../kubernetes/scopes.ts';
import { formatStructured, structuredFormat } from '../output/structured.ts';
import { formatTable } from '../output/table.ts';

export const run: RunCommand = async (call) => {
  const { args, options, terminal } = call;
  const wanted = options.text('level');
  const levels = wanted === undefined ? undefined : parseScopeLevels(wanted);
  const cluster = await connectKubernetes(call);
  const pods = await choosePods(cluster, args[0]);
  const [first] = pods;
  const scopes = first ? await scopesOf(cluster, first) : [];
  const replicas = pods.map(({ metadata }) => metadata.name).join(', ');
  // Every replica logs for the proxies that it serves.
  if (options.flag('reset')) {
    for (const pod of pods) await ask(cluster, pod, { method: 'DELETE', path: '/scopej' });
    terminal.err(`${replicas}: as they were at the start\n`);
  } else if (levels) {
    const changes = expand(levels, scopes);
    for (const pod of pods) for (const [name, level] of changes) await setLevel(cluster, pod, { name, level });
    terminal.err(`${replicas}: ${changes.map(([name, level]) => `${name}:${level}`).join(', ')}\n`);
  } else await print(call, scopes);
  return 0;
};

async function choosePods(
  cluster: KubernetesCluster,
  wanted: string | undefined,
): Promise<readonly KubernetesObject[]> {
  const pods = await findIstiods(cluster);
  const chosen =
    wanted === undefined ? pods : pods.filter(({ metadata }) => metadata.name === wanted.replace(/^pods?\//, ''));
  if (chosen.length > 0) return chosen;
  throw notFoundError(
    `no running istiod is ${wanted}`,
    `There are: ${pods.map(({ metadata }) => metadata.name).join(', ')}.`,
    'Give one of them, or none for all of them.',
  );
}

/** `all` stands for every scope. @throws {CliError} for a scope that istiod has not. */
function expand(
  levels: ReadonlyMap<string, string>,
  scopes: readonly Scope[],
): readonly (readonly [name: string, level: string])[] {
  const names = scopes.map(({ name }) => name);
  return [...levels].flatMap(([name, level]) => {
    if (name === 'all') return names.map((each) => [each, level] as const);
    if (names.includes(name)) return [[name, level] as const];
    throw notFoundError(
      `istiod has no scope "${name}"`,
      `It has: ${names.join(', ')}.`,
      'Choose one of them, or `all`.',
    );
  });
}

async function scopesOf(cluster: KubernetesCluster, pod: KubernetesObject): Promise<readonly Scope[]> {
  return readScopes(await ask(cluster, pod, { path: '/scopej' }));
}

async function setLevel(
  cluster: KubernetesCluster,
  pod: KubernetesObject,
  { name, level }: { readonly name: string; readonly level: string },
): Promise<void> {
  const body = { name, output_level: level };
  await ask(cluster, pod, { method: 'PUT', path: `/scopej/${encodeURIComponent(name)}`, body });
}

/** @throws {CliError} where istiod refuses. */
async function ask(cluster: KubernetesCluster, pod: KubernetesObject, request: IstiodRequest): Promise<unknown> {
  const { status, value, istiod } = await askIstiod(cluster, pod, request);
  if (status < 300) return value;
  throw refused(istiod, status, value);
}

function refused(istiod: string, status: number, value: unknown): CliError {
  return new CliError({
    code: 'istiod',
    what: `${istiod} does not take that (status ${status})`,
    why: typeof value === 'string' ? value : JSON.stringify(value),
    remedy: 'It may be of another version than this command: see `version`.',
  });
}

async function print({ options, terminal }: CommandCall, scopes: readonly Scope[]): Promise<void> {
  const format = structuredFormat(options.text('output'));
  const value = scopes.map(({ name, description, level }) => ({ scope_name: name, log_level: level, description }));
  if (format) terminal.out(await formatStructured(value, format));
  else {
    const rows = scopes.map(({ name, description, level }) => [name, description, level]);
    terminal.out(formatTable([['ACTIVE SCOPE', 'DESCRIPTION', 'LOG LEVEL'], ...rows]));
  }
}
