import type { ClusterStatus, FleetStatus, ObjectList } from '../../embedded/fleet-api.ts';
import { type CliError, notFoundError, usageError } from '../cli-error.ts';
import type { CommandCall, RunCommand } from '../command-spec.ts';
import { connectFleet } from '../find-fleet.ts';
import type { FleetClient } from '../fleet-client.ts';
import { requireFleet } from '../mesh/choose-target.ts';
import { at, type Body, entriesAt, formatLabels, textAt } from '../objects/body.ts';
import { columnsOf } from '../objects/columns.ts';
import { controlPlanePods } from '../objects/control-plane-pod.ts';
import { formatResourceName, isKnownKind, type KindNames, parseKinds } from '../objects/kinds.ts';
import { parseLabelSelector } from '../objects/label-selector.ts';
import { formatStructured, structuredFormat } from '../output/structured.ts';
import { formatTable } from '../output/table.ts';
import { chooseCluster } from '../target.ts';

interface Found {
  readonly kind: KindNames;
  readonly bodies: readonly Body[];
}

/** Which objects of which kinds: `vs,dr`, `svc web`, `svc/web`. */
interface Wanted {
  readonly kinds: readonly KindNames[];
  readonly names: readonly string[];
}

export const run: RunCommand = async (call) => {
  requireFleet(call, 'get');
  const { options, terminal } = call;
  const wanted = parseWanted(call.args);
  const client = connectFleet(call);
  const status = await client.status();
  const cluster = chooseCluster(status, call);
  const found = await Promise.all(
    wanted.kinds.map((kind) => list(client, call, { status, cluster, kind, names: wanted.names })),
  );
  for (const { kind, bodies } of found) if (bodies.length === 0 && !isKnownKind(kind)) throw noSuchKind(kind);
  const missing = wanted.names.filter(
    (name) => !found.some(({ bodies }) => bodies.some((body) => textAt(body, 'metadata', 'name') === name)),
  );
  const format = options.text('output');
  const structured = structuredFormat(format);
  if (structured)
    await printStructured(call, found, {
      structured,
      isSingle: wanted.names.length === 1 && wanted.kinds.length === 1,
    });
  else if (format === 'name') for (const each of found) terminal.out(formatNames(each));
  else printTables(call, found, { cluster, status, hadNames: wanted.names.length > 0 });
  for (const name of missing) {
    const [kind] = wanted.kinds;
    terminal.err(
      `Error from server (NotFound): ${kind?.plural}${kind?.group ? `.${kind.group}` : ''} "${name}" not found\n`,
    );
  }
  return missing.length > 0 ? 1 : 0;
};

function noSuchKind({ kind, group }: KindNames): CliError {
  return notFoundError(
    `there is no kind "${kind}${group === '' ? '' : `.${group}`}" here`,
    'It is none of the kinds that every cluster has, and there is no object of it.',
    'See `pelagos get --help`; kinds are named as with kubectl: pods, svc, deploy, vs, dr, se, gw …',
  );
}

function parseWanted([first = '', ...names]: readonly string[]): Wanted {
  if (!first.includes('/')) return { kinds: parseKinds(first), names };
  const pairs = [first, ...names].map((pair) => pair.split('/'));
  const kinds = [...new Set(pairs.map(([kind = '']) => kind))];
  if (pairs.some((pair) => pair.length !== 2 || pair.includes('')) || kinds.length > 1) {
    throw usageError(
      `"${[first, ...names].join(' ')}" are no objects of one kind`,
      'Write `get KIND/NAME`, or `get KIND NAME…`.',
    );
  }
  return { kinds: parseKinds(kinds[0] ?? ''), names: pairs.map(([, name = '']) => name) };
}

interface ListRequest {
  readonly status: FleetStatus;
  readonly cluster: ClusterStatus;
  readonly kind: KindNames;
  readonly names: readonly string[];
}

async function list(client: FleetClient, { options }: CommandCall, request: ListRequest): Promise<Found> {
  const { status, cluster, kind, names } = request;
  const isAll = options.flag('allNamespaces') || !kind.namespaced;
  const namespace = isAll ? undefined : (options.text('namespace') ?? 'default');
  const objects: ObjectList = await client.objects(cluster.name, kind.kind, namespace);
  const selector = options.text('selector');
  const matches = selector === undefined ? () => true : parseLabelSelector(selector);
  const stored = objects.items.map(({ body }) => body);
  const hasControlPlane = kind.kind === 'Pod' && (namespace === undefined || namespace === 'istio-system');
  const bodies = [...stored, ...(hasControlPlane ? controlPlanePods(status, cluster, stored) : [])]
    .filter((body) => isOfGroup(body, kind))
    .filter((body) => names.length === 0 || names.includes(textAt(body, 'metadata', 'name')))
    .filter((body) => matches(Object.fromEntries(entriesAt(body, 'metadata', 'labels'))));
  return { kind, bodies };
}

/** Gateways are of two groups: the one that was meant counts. */
function isOfGroup(body: Body, { kind, group }: KindNames): boolean {
  return kind !== 'Gateway' || textAt(body, 'apiVersion').startsWith(`${group}/`);
}

interface Shape {
  readonly structured: 'json' | 'yaml';
  readonly isSingle: boolean;
}

async function printStructured(
  { terminal }: CommandCall,
  found: readonly Found[],
  { structured, isSingle }: Shape,
): Promise<void> {
  const items = found.flatMap(({ bodies }) => bodies);
  if (isSingle && items.length === 0) return;
  const value = isSingle ? items[0] : { apiVersion: 'v1', kind: 'List', metadata: { resourceVersion: '' }, items };
  terminal.out(await formatStructured(value, structured));
}

function formatNames({ kind, bodies }: Found): string {
  return bodies
    .map((body) => `${formatResourceName(kind.kind, textAt(body, 'metadata', 'name'), textAt(body, 'apiVersion'))}\n`)
    .join('');
}

interface Surroundings {
  readonly cluster: ClusterStatus;
  readonly status: FleetStatus;
  readonly hadNames: boolean;
}

function printTables(call: CommandCall, found: readonly Found[], { cluster, hadNames }: Surroundings): void {
  const { options, terminal } = call;
  const filled = found.filter(({ bodies }) => bodies.length > 0);
  if (filled.length === 0 && !hadNames) {
    const isAll = options.flag('allNamespaces') || found.every(({ kind }) => !kind.namespaced);
    terminal.err(
      isAll ? 'No resources found\n' : `No resources found in ${options.text('namespace') ?? 'default'} namespace.\n`,
    );
  }
  filled.forEach((each, index) => {
    terminal.out((index > 0 ? '\n' : '') + formatTable(tableOf(call, each, { cluster, prefix: found.length > 1 })));
  });
}

function tableOf(
  { options, now }: CommandCall,
  { kind, bodies }: Found,
  { cluster, prefix }: { readonly cluster: ClusterStatus; readonly prefix: boolean },
): readonly (readonly string[])[] {
  const columns = columnsOf(kind.kind, options.text('output') === 'wide');
  const hasNamespace = options.flag('allNamespaces') && kind.namespaced;
  const hasLabels = options.flag('showLabels');
  const around = (namespace: string, cells: readonly string[], labels: string): readonly string[] => [
    ...(hasNamespace ? [namespace] : []),
    ...cells,
    ...(hasLabels ? [labels] : []),
  ];
  const rows = bodies.map((body) => {
    const namespace = textAt(body, 'metadata', 'namespace');
    const name = textAt(body, 'metadata', 'name');
    const pod =
      kind.kind === 'Pod' ? cluster.pods.find((each) => each.namespace === namespace && each.name === name) : undefined;
    const [, ...cells] = columns.map((column) => column.cell(body, { nowMs: now(), pod }));
    const shown = prefix ? formatResourceName(kind.kind, name, textAt(body, 'apiVersion')) : name;
    return around(namespace, [shown, ...cells], formatLabels(at(body, 'metadata', 'labels')));
  });
  const headings = around(
    'NAMESPACE',
    columns.map((column) => column.heading),
    'LABELS',
  );
  return options.flag('headers') ? [headings, ...rows] : rows;
}
