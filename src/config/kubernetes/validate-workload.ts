import { problem, type Subject } from '../subject.ts';
import { labelSelectorMatches } from './label-selector.ts';
import type { DaemonSetSpec } from './workload.ts';

/** A workload must own the pods it makes: its selector matches its template's labels (Kubernetes: ValidateDeployment). */
export function validateWorkload(spec: DaemonSetSpec, subject: Subject): void {
  if (!spec.selector || labelSelectorMatches(spec.selector, spec.template.metadata?.labels ?? {})) return;
  const text =
    'it does not match the labels of the template (spec.template.metadata.labels), so the workload would not own its pods';
  problem(subject.report, 'PEL3007', ['spec', 'selector'], text);
}
