import { checkSelection } from '../rules/selection.ts';
import { problem, type Subject } from '../subject.ts';
import type { ProxyConfigSpec } from './type.ts';

/** What the schema of a ProxyConfig cannot say (Istio: ValidateProxyConfig). */
export function validateProxyConfig(spec: ProxyConfigSpec, subject: Subject): void {
  const { selector } = spec;
  checkSelection(selector ? { selector } : {}, subject.report);
  if ((spec.concurrency ?? 0) < 0) problem(subject.report, 'PEL3010', ['spec', 'concurrency'], 'it is less than zero');
}
