import { problem, type Subject } from '../subject.ts';
import { isDnsLabel } from '../values/host-name.ts';

/** The rules of `exportTo`. Only a ServiceEntry can be hidden from everybody (`~`). */
export function checkExportTo(exportTo: readonly string[] | undefined, subject: Subject, mayHide = false): void {
  const seen = new Set<string>();
  exportTo?.forEach((entry, index) => {
    const path = ['spec', 'exportTo', index];
    const namespace = entry === '.' ? subject.namespace : entry;
    if (seen.has(namespace)) problem(subject.report, 'PEL3024', path, `"${entry}" is given more than once`);
    seen.add(namespace);
    const isKnown = entry === '.' || entry === '*' || (entry === '~' && mayHide) || isDnsLabel(entry);
    if (!isKnown) problem(subject.report, 'PEL3024', path, `"${entry}" is not a namespace`);
  });
  const count = exportTo?.length ?? 0;
  if (seen.has('*') && count > 1) {
    problem(
      subject.report,
      'PEL3024',
      ['spec', 'exportTo'],
      '"*" is all namespaces already, so nothing may stand beside it',
    );
  }
  if (seen.has('~') && count > 1) {
    problem(
      subject.report,
      'PEL3024',
      ['spec', 'exportTo'],
      '"~" is no namespace at all, so nothing may stand beside it',
    );
  }
}
