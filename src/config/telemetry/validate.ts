import type { Report } from '../object-report.ts';
import { checkSelection } from '../rules/selection.ts';
import { checkCelSyntax } from '../schema/cel-rule.ts';
import type { Path } from '../schema/path.ts';
import { problem, type Subject } from '../subject.ts';
import type { CustomTag, Metrics, ProviderRef, TelemetrySpec, Tracing } from './type.ts';

/** What the schema of a Telemetry cannot say (Istio: ValidateTelemetry). */
export function validateTelemetry(spec: TelemetrySpec, subject: Subject): void {
  const { report } = subject;
  checkSelection(spec, report);
  if ((spec.tracing?.length ?? 0) > 1) problem(report, 'PEL3017', ['spec', 'tracing'], 'only the first entry counts');
  spec.tracing?.forEach((tracing, index) => {
    checkTracing(tracing, ['spec', 'tracing', index], report);
  });
  spec.metrics?.forEach((metrics, index) => {
    checkMetrics(metrics, ['spec', 'metrics', index], report);
  });
  spec.accessLogging?.forEach((logging, index) => {
    const path = ['spec', 'accessLogging', index];
    checkProviders(logging.providers, [...path, 'providers'], report);
    const { expression } = logging.filter ?? {};
    const wrong = expression ? checkCelSyntax(expression) : undefined;
    if (wrong) problem(report, 'PEL3011', [...path, 'filter', 'expression'], `it is no CEL expression: ${wrong}`);
  });
}

function checkProviders(providers: readonly ProviderRef[] | undefined, path: Path, report: Report): void {
  providers?.forEach((provider, index) => {
    if (provider.name === '')
      problem(report, 'PEL3005', [...path, index, 'name'], 'the name of the provider is missing');
  });
}

function checkTracing(tracing: Tracing, path: Path, report: Report): void {
  if ((tracing.providers?.length ?? 0) > 1)
    problem(report, 'PEL3017', [...path, 'providers'], 'only the first provider counts');
  checkProviders(tracing.providers, [...path, 'providers'], report);
  for (const [name, tag] of Object.entries(tracing.customTags ?? {}))
    checkTag(name, tag, [...path, 'customTags', name], report);
}

function checkTag(name: string, tag: CustomTag, path: Path, report: Report): void {
  if (name === '') problem(report, 'PEL3005', path, 'the tag has no name');
  const { literal, environment, header, formatter } = tag;
  const text = literal?.value ?? environment?.name ?? header?.name ?? formatter?.value;
  if (text === undefined)
    problem(report, 'PEL3005', path, 'it says nothing of its value: literal, environment, header or formatter');
  else if (text === '') problem(report, 'PEL3005', path, 'its value is empty');
}

function checkMetrics(metrics: Metrics, path: Path, report: Report): void {
  checkProviders(metrics.providers, [...path, 'providers'], report);
  metrics.overrides?.forEach((override, index) => {
    const place = [...path, 'overrides', index];
    if (override.match?.customMetric === '')
      problem(report, 'PEL3005', [...place, 'match', 'customMetric'], 'the name is empty');
    for (const [name, tag] of Object.entries(override.tagOverrides ?? {})) {
      const tagPath = [...place, 'tagOverrides', name];
      if (name === '') problem(report, 'PEL3017', tagPath, 'the tag has no name');
      const operation = tag.operation ?? 'UPSERT';
      if (operation === 'UPSERT' && !tag.value) problem(report, 'PEL3005', tagPath, 'UPSERT needs a value');
      if (operation === 'REMOVE' && tag.value) problem(report, 'PEL3004', tagPath, 'REMOVE takes no value');
    }
  });
}
