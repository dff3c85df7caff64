import { suggest } from '../../diagnostics/index.ts';
import type { Report } from '../object-report.ts';
import { formatPath, type Path } from '../schema/path.ts';
import { isProtocol, PROTOCOLS } from '../values/protocol.ts';

/** Empty: the protocol is found out from the first bytes. */
export function checkProtocol(protocol: string, path: Path, report: Report): void {
  if (protocol === '' || isProtocol(protocol)) return;
  report.add('PEL3025', { field: formatPath(path), protocol, suggestion: suggest(protocol, PROTOCOLS) }, path);
}
