import { CliError, usageError } from '../cli-error.ts';
import type { OptionValues, RunCommand } from '../command-spec.ts';
import { explainRefusal } from '../kubernetes/explain-error.ts';
import { connectMesh } from '../mesh/choose-target.ts';
import type { ReachedProxy } from '../mesh/mesh-target.ts';
import { listAt, textAt } from '../objects/body.ts';
import { formatStructured, structuredFormat } from '../output/structured.ts';
import { formatTable } from '../output/table.ts';
import {
  CLUSTER_HEADINGS,
  clusterRow,
  type DumpedEndpoint,
  ENDPOINT_HEADINGS,
  endpointRow,
  parseEndpoint,
} from '../proxy-config/cluster-rows.ts';
import { type ConfigDump, parseConfigDump, withoutKeys } from '../proxy-config/config-dump.ts';
import { ECDS_HEADINGS, ecdsRow } from '../proxy-config/ecds-rows.ts';
import { isOne, matchesCluster, matchesListener, parseClusterName } from '../proxy-config/filter.ts';
import { LISTENER_HEADINGS, listenerRows, sortListeners } from '../proxy-config/listener-rows.ts';
import { ROUTE_HEADINGS, routeRows } from '../proxy-config/route-rows.ts';
import { SECRET_HEADINGS, secretRows } from '../proxy-config/secret-rows.ts';
import { PROXY_CONFIG_WORDS, parseViewName, type ViewName } from '../proxy-config/views.ts';

/** A view of the configuration: the resources themselves, and the table of them. */
interface View {
  readonly resources: unknown;
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

type TableName = Exclude<ViewName, 'all' | 'bootstrap'>;
/** What `all` shows, in istioctl's order. */
const TABLES: readonly TableName[] = ['clusters', 'listeners', 'routes', 'endpoints', 'secrets', 'ecds'];

export const run: RunCommand = async (call) => {
  const { args, options, terminal } = call;
  const [what = '', target = ''] = args;
  const view = parseViewName(what);
  if (!view) throw usageError(`an Envoy has no "${what}"`, `Choose one of ${PROXY_CONFIG_WORDS.join(', ')}.`);
  const proxy = await (await connectMesh(call)).reach(target);
  const dump = parseConfigDump(await ask(proxy, '/config_dump?include_eds'));
  const hosts = view === 'endpoints' || view === 'all' ? await ask(proxy, '/clusters?format=json') : undefined;
  const shown = view === 'all' ? TABLES : view === 'bootstrap' ? [] : [view];
  const views = shown.map((name) => [name, viewOf(name, { dump, hosts, options, nowMs: call.now() })] as const);
  const format = structuredFormat(options.text('output')) ?? (view === 'bootstrap' ? 'json' : undefined);
  if (format) {
    const [only] = views;
    const value =
      view === 'bootstrap'
        ? { bootstrap: dump.bootstrap }
        : view === 'all'
          ? Object.fromEntries(views.map(([name, { resources }]) => [name, resources]))
          : only?.[1].resources;
    terminal.out(await formatStructured(withoutKeys(value), format));
    return 0;
  }
  const filled = views.filter(([, { rows }]) => rows.length > 0);
  if (filled.length === 0) terminal.err(`This Envoy has no ${view === 'all' ? 'configuration' : view} like that.\n`);
  filled.forEach(([, { headings, rows }], index) => {
    terminal.out(`${index > 0 ? '\n' : ''}${formatTable([headings, ...rows], 5)}`);
  });
  return 0;
};

async function ask({ admin, pod, namespace }: ReachedProxy, path: string): Promise<unknown> {
  const unanswered = (why: string): CliError =>
    new CliError({
      code: 'envoy',
      what: `the Envoy of ${pod}.${namespace} does not answer`,
      why: `${why}.`,
      remedy: 'See whether its pod runs, and read the log of its container istio-proxy.',
    });
  const { status, body } = await admin.get(path).catch((error: unknown) => {
    throw explainRefusal(error) ?? unanswered(error instanceof Error ? error.message : String(error));
  });
  if (status !== 200) throw unanswered(`it answers ${path} with status ${status}`);
  return JSON.parse(body);
}

interface ViewInput {
  readonly dump: ConfigDump;
  readonly hosts: unknown;
  readonly options: OptionValues;
  readonly nowMs: number;
}

function viewOf(name: TableName, { dump, hosts, options, nowMs }: ViewInput): View {
  switch (name) {
    case 'listeners': {
      const listeners = sortListeners(dump.listeners.filter((each) => matchesListener(each, options)));
      return { resources: listeners, headings: LISTENER_HEADINGS, rows: listeners.flatMap(listenerRows) };
    }
    case 'routes': {
      const routes = dump.routes.filter((each) => isOne(options.text('name'), textAt(each, 'name')));
      return { resources: routes, headings: ROUTE_HEADINGS, rows: routes.flatMap(routeRows) };
    }
    case 'ecds':
      return { resources: dump.extensions, headings: ECDS_HEADINGS, rows: dump.extensions.map(ecdsRow) };
    case 'clusters': {
      const clusters = dump.clusters.filter((each) => matchesCluster(textAt(each, 'name'), options));
      return { resources: clusters, headings: CLUSTER_HEADINGS, rows: clusters.map(clusterRow) };
    }
    case 'endpoints':
      return endpointView(hosts, options);
    case 'secrets':
      return {
        resources: dump.secrets,
        headings: SECRET_HEADINGS,
        rows: dump.secrets.flatMap((secret) => secretRows(secret, nowMs)),
      };
  }
}

function endpointView(hosts: unknown, options: OptionValues): View {
  const statuses = listAt(hosts, 'cluster_statuses').filter((each) => {
    const name = textAt(each, 'name');
    return isOne(options.text('cluster'), name) && parseClusterName(name).host.includes(options.text('fqdn') ?? '');
  });
  const endpoints = statuses
    .flatMap((each) => listAt(each, 'host_statuses').map((host) => parseEndpoint(textAt(each, 'name'), host)))
    .filter((endpoint) => matchesEndpoint(endpoint, options))
    .sort((a, b) => (`${a.cluster} ${a.endpoint}` < `${b.cluster} ${b.endpoint}` ? -1 : 1));
  return { resources: statuses, headings: ENDPOINT_HEADINGS, rows: endpoints.map(endpointRow) };
}

function matchesEndpoint({ address, port, status }: DumpedEndpoint, options: OptionValues): boolean {
  return (
    isOne(options.text('address'), address) &&
    isOne(options.text('port'), port) &&
    isOne(options.text('status'), status)
  );
}
