import { CATALOGUE, type CatalogueEntry, type Diagnostic } from '../../diagnostics/index.ts';
import type { ClusterId } from '../../model/index.ts';
import { analyzeObjects } from '../analysis/analyze-objects.ts';
import { gatherCluster, gatherFiles, gatherRemotes } from '../analysis/gather.ts';
import {
  formatMessage,
  isAtLeast,
  levelOf,
  parseLevel,
  parseSuppression,
  structuredMessage,
} from '../analysis/message.ts';
import { CliError, usageError } from '../cli-error.ts';
import type { CommandCall, RunCommand } from '../command-spec.ts';
import { connectFleet } from '../find-fleet.ts';
import { connectKubernetes } from '../kubernetes/kubernetes-cluster.ts';
import { chooseTarget } from '../mesh/choose-target.ts';
import { formatStructured, structuredFormat } from '../output/structured.ts';
import { formatTable } from '../output/table.ts';

/** The first digits of codes that are about configuration. */
const ABOUT_CONFIGURATION = /^PEL[1-4]/;
/** Where a Secret of a gateway is missing: nothing is known of it where Secrets may not be read. */
const NO_SECRET = 'PEL4012';

/** What was found, and what it was looked for in, in words. */
interface Findings {
  readonly where: string;
  readonly diagnostics: readonly Diagnostic[];
}

export const run: RunCommand = async (call) => {
  const { options, terminal } = call;
  if (options.flag('listAnalyzers')) {
    terminal.out(formatTable([['CODE', 'LEVEL', 'DESCRIPTION'], ...analyzers()]));
    return 0;
  }
  const threshold = parseLevel(options.text('failureThreshold') ?? 'Error');
  const shown = parseLevel(options.text('outputThreshold') ?? 'Info');
  const suppressions = options.list('suppress').map(parseSuppression);
  const { where, diagnostics } = await find(call);
  const messages = diagnostics.filter((each) => !suppressions.some((isUnwanted) => isUnwanted(each)));
  const visible = messages.filter((each) => isAtLeast(each, shown));
  const format = structuredFormat(options.text('output'));
  if (format) terminal.out(await formatStructured(visible.map(structuredMessage), format));
  else printMessages(call, visible, where);
  return messages.some((each) => isAtLeast(each, threshold)) ? 1 : 0;
};

function printMessages({ terminal }: CommandCall, messages: readonly Diagnostic[], where: string): void {
  if (messages.length === 0) {
    terminal.out(`✔ No validation issues found when analyzing ${where}.\n`);
    return;
  }
  for (const message of messages) terminal.out(formatMessage(terminal, message));
  const errors = messages.filter((each) => levelOf(each) === 'Error').length;
  terminal.err(
    `${errors > 0 ? 'Error: ' : ''}Analyzers found issues when analyzing ${where}.\nSee docs/reference/diagnostics.md for what each code means.\n`,
  );
}

async function find(call: CommandCall): Promise<Findings> {
  const { args, options } = call;
  if (options.isOff('useKube')) {
    if (args.length === 0)
      throw usageError('there is nothing to analyze', 'Name files, or leave `--use-kube=false` out.');
    return await findInFiles(call);
  }
  if (args.length === 0 && (await chooseTarget(call)) === 'fleet') return await findInFleet(call);
  return await findInCluster(call);
}

async function findInFiles(call: CommandCall): Promise<Findings> {
  const files = await gatherFiles(call, 'local' as ClusterId);
  const found = analyzeObjects({ objects: files.objects, remotes: [], clusters: [] });
  return { where: call.args.join(', '), diagnostics: [...files.diagnostics, ...found] };
}

/** Files are judged as if they were applied to the cluster; of the cluster itself, the namespace in question is. */
async function findInCluster(call: CommandCall): Promise<Findings> {
  const { options, args } = call;
  const cluster = await connectKubernetes(call);
  const [own, remotes] = await Promise.all([
    gatherCluster(cluster),
    gatherRemotes(
      call,
      options.list('remoteContexts').flatMap((each) => each.split(',')),
    ),
  ]);
  const files = await gatherFiles(call, own.id);
  const found = analyzeObjects({
    objects: [...own.objects, ...files.objects],
    remotes: remotes.map(({ objects }) => objects),
    clusters: [...new Set([...own.clusters, ...remotes.flatMap(({ clusters }) => clusters)])],
  });
  const isAll = options.flag('allNamespaces');
  const fromFiles = new Set(files.objects.map(({ ref }) => `${ref.kind}/${ref.namespace}/${ref.name}`));
  const isMeant = ({ code, object }: Diagnostic): boolean => {
    if (code === NO_SECRET && !own.knowsSecrets) return false;
    if (!object || isAll || object.namespace === '' || object.namespace === cluster.namespace) return true;
    return fromFiles.has(`${object.kind}/${object.namespace}/${object.name}`);
  };
  const where = isAll ? 'all namespaces' : `namespace: ${cluster.namespace}`;
  return {
    where: args.length > 0 ? `${where} with ${args.join(', ')}` : where,
    diagnostics: [...files.diagnostics, ...found.filter(isMeant)],
  };
}

async function findInFleet(call: CommandCall): Promise<Findings> {
  const { options } = call;
  const { diagnostics, name, clusters } = await connectFleet(call).status();
  const context = options.text('context');
  const namespace = options.text('namespace');
  if (context !== undefined && !clusters.some((each) => each.name === context)) {
    throw new CliError({
      code: 'not-found',
      what: `there is no cluster "${context}"`,
      why: `The clusters of this fleet are: ${clusters.map((each) => each.name).join(', ')}.`,
      remedy: 'Give one of them to `--context`.',
    });
  }
  const isMeant = ({ code, object }: Diagnostic): boolean =>
    ABOUT_CONFIGURATION.test(code) &&
    (context === undefined || object === undefined || object.cluster === context) &&
    (namespace === undefined || object === undefined || object.namespace === namespace);
  return { where: `the fleet ${name}`, diagnostics: diagnostics.filter(isMeant) };
}

function analyzers(): readonly (readonly string[])[] {
  return Object.entries<CatalogueEntry>(CATALOGUE)
    .filter(([code]) => ABOUT_CONFIGURATION.test(code))
    .map(([code, { severity, title }]) => [code, severity, title]);
}
