import type { Report } from '../object-report.ts';
import { checkPort } from '../rules/host.ts';
import { checkLabels } from '../rules/selection.ts';
import { problem, type Subject } from '../subject.ts';
import type { ReadinessProbe, WorkloadGroupSpec } from './type.ts';

/** What the schema of a WorkloadGroup cannot say (Istio: ValidateWorkloadGroup). */
export function validateWorkloadGroup(spec: WorkloadGroupSpec, subject: Subject): void {
  checkLabels(spec.metadata?.labels, ['spec', 'metadata', 'labels'], subject.report);
  if (spec.probe) checkProbe(spec.probe, subject.report);
}

function checkProbe(probe: ReadinessProbe, report: Report): void {
  const path = ['spec', 'probe'];
  const { httpGet, tcpSocket, exec, grpc } = probe;
  if (!httpGet && !tcpSocket && !exec && !grpc) {
    problem(report, 'PEL3005', path, 'it says nothing of how to probe: httpGet, tcpSocket, exec or grpc');
  }
  if (httpGet) {
    checkPort(httpGet.port, [...path, 'httpGet', 'port'], report);
    httpGet.httpHeaders?.forEach(({ name = '' }, index) => {
      if (/^[-A-Za-z0-9]+$/.test(name)) return;
      problem(
        report,
        'PEL3008',
        [...path, 'httpGet', 'httpHeaders', index],
        `"${name}" cannot be the name of a header here`,
      );
    });
  }
  if (tcpSocket) checkPort(tcpSocket.port, [...path, 'tcpSocket', 'port'], report);
  if (exec && exec.command.length === 0) problem(report, 'PEL3005', [...path, 'exec'], 'the command is missing');
}
