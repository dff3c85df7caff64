import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  type InjectionSettings,
  type InjectionSources,
  injectionSettings,
  injectManifest,
  type ManifestOutcome,
} from '../../proxies/index.ts';
import { CliError, notFoundError, usageError } from '../cli-error.ts';
import type { CommandCall, RunCommand } from '../command-spec.ts';
import { connectKubernetes } from '../kubernetes/kubernetes-cluster.ts';
import { readMeshConfig, readValues } from '../kubernetes/mesh-values.ts';
import { textAt } from '../objects/body.ts';
import { readManifests } from '../objects/read-manifests.ts';

/** Of one document; more would be a bomb. */
const MAX_ALIASES = 100;

export const run: RunCommand = async (call) => {
  const { options, terminal, cwd } = call;
  const names = options.list('filename');
  if (names.length === 0)
    throw usageError('there is nothing to inject into', 'Give a file, a folder or `-` with `-f`.');
  const files = await readManifests(names, { cwd, isRecursive: options.flag('recursive') });
  const settings = injectionSettings(await readSources(call));
  const texts: string[] = [];
  let isGood = true;
  for (const file of files) {
    const { documents, outcomes } = await inject(file, settings);
    texts.push(...documents);
    for (const { object, kind, reason, warnings } of outcomes) {
      if (kind !== 'injected') terminal.err(`${object}: not injected: ${reason}\n`);
      for (const warning of warnings) terminal.err(`${object}: warning: ${warning}\n`);
      isGood &&= kind !== 'broken';
    }
  }
  const text = texts.join('---\n');
  const output = options.text('output');
  if (output === undefined) terminal.out(text);
  else writeFileSync(resolve(cwd, output), text);
  return isGood ? 0 : 1;
};

interface InjectedFile {
  /** As YAML, without the lines between them. */
  readonly documents: readonly string[];
  readonly outcomes: readonly ManifestOutcome[];
}

/** What is no workload keeps its comments and its order. */
async function inject(
  { file, text }: { readonly file: string; readonly text: string },
  settings: InjectionSettings,
): Promise<InjectedFile> {
  const { parseAllDocuments, stringify } = await import('yaml');
  const parsed = parseAllDocuments(text).filter(({ contents }) => contents !== null);
  const [broken] = parsed.flatMap(({ errors }) => errors);
  if (broken) throw unreadable(file, broken.message.split('\n')[0] ?? '');
  const plain = parsed.map((document): unknown => document.toJS({ maxAliasCount: MAX_ALIASES }));
  const { documents, outcomes } = injectManifest(plain, settings);
  const format = (document: unknown, index: number): string =>
    document === plain[index]
      ? String(parsed[index])
      : stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
  return { documents: documents.map((each, index) => format(each, index).replace(/^---\n/, '')), outcomes };
}

/** From files where they are given (Istio's `--valuesFile`, `--meshConfigFile`), else from the cluster. */
async function readSources(call: CommandCall): Promise<InjectionSources> {
  const { options } = call;
  const valuesFile = options.text('valuesFile');
  const meshFile = options.text('meshConfigFile');
  const isOffline = valuesFile !== undefined;
  const cluster = isOffline ? undefined : await connectKubernetes(call);
  const values = cluster ? await readValues(cluster) : await readYaml(call, valuesFile ?? '');
  if (cluster && values === undefined) {
    throw notFoundError(
      `there is no ConfigMap istio-sidecar-injector in namespace ${cluster.istioNamespace} of ${cluster.context}`,
      'It has the values that proxies are made with; `istioctl install` writes it.',
      'Install first, or give the values with `--valuesFile FILE`.',
    );
  }
  const mesh =
    meshFile !== undefined ? await readYaml(call, meshFile) : cluster ? await readMeshConfig(cluster) : undefined;
  const name = textAt(values, 'global', 'multiCluster', 'clusterName') || cluster?.context;
  return { values, ...(mesh === undefined ? {} : { mesh }), ...(name === undefined ? {} : { cluster: name }) };
}

async function readYaml({ cwd }: CommandCall, file: string): Promise<unknown> {
  const { parse } = await import('yaml');
  try {
    return parse(readFileSync(resolve(cwd, file), 'utf8'), { maxAliasCount: MAX_ALIASES });
  } catch (error) {
    throw unreadable(file, error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
  }
}

function unreadable(file: string, why: string): CliError {
  return new CliError({
    code: 'unreadable',
    what: `${file} cannot be read`,
    why: `${why}.`,
    remedy: 'Correct the file.',
  });
}
