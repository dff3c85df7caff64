import { checkSelection } from '../rules/selection.ts';
import { formatPath } from '../schema/path.ts';
import { problem, type Subject } from '../subject.ts';
import { parseUrl } from '../values/url.ts';
import type { WasmPluginSpec } from './type.ts';

const SCHEMES: readonly string[] = ['', 'file', 'http', 'https', 'oci'];

/** What the schema of a WasmPlugin cannot say (Istio: ValidateWasmPlugin). */
export function validateWasmPlugin(spec: WasmPluginSpec, subject: Subject): void {
  const { report } = subject;
  checkSelection(spec, report);
  const path = ['spec', 'url'];
  const url = parseUrl(spec.url) ?? parseUrl(`http://${spec.url}`);
  if (!url) report.add('PEL3023', { field: formatPath(path), url: spec.url, problem: 'it is no URL' }, path);
  else if (!SCHEMES.includes(url.scheme)) {
    report.add(
      'PEL3023',
      { field: formatPath(path), url: spec.url, problem: `${url.scheme} is not http, https, oci or file` },
      path,
    );
  }
  const names = new Set<string>();
  spec.vmConfig?.env?.forEach(({ name }, index) => {
    const place = ['spec', 'vmConfig', 'env', index];
    if (name === '') problem(report, 'PEL3005', place, 'the variable has no name');
    if (names.has(name)) report.add('PEL3002', { field: formatPath(place), what: name }, place);
    names.add(name);
  });
}
