import type { Diagnostic, DiagnosticCode } from '../../diagnostics/index.ts';
import type { ConfigObject } from '../config-object.ts';
import { diagnoseObject, type Finding } from '../object-report.ts';

/** Collects what an analysis finds, each with its object and place. */
export class FindingList {
  readonly diagnostics: Diagnostic[] = [];

  add<Code extends DiagnosticCode>(object: ConfigObject, finding: Finding<Code>): void {
    this.diagnostics.push(diagnoseObject(object, finding));
  }
}
