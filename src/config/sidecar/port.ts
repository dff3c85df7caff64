import type { Report } from '../object-report.ts';
import { checkProtocol } from '../rules/protocol.ts';
import type { Path } from '../schema/path.ts';
import { problem } from '../subject.ts';
import { isDnsLabel } from '../values/host-name.ts';
import type { SidecarPort } from './type.ts';

/** The parts of a port that all listeners share. */
export function checkSidecarPort(port: SidecarPort, path: Path, report: Report): void {
  if (port.name && !isDnsLabel(port.name))
    problem(report, 'PEL3003', [...path, 'name'], `"${port.name}" cannot be the name of a port`);
  checkProtocol(port.protocol ?? '', [...path, 'protocol'], report);
  if (port.targetPort)
    problem(report, 'PEL3004', [...path, 'targetPort'], 'a Sidecar listens on "number"; targetPort says nothing here');
}
