import { checkName } from '../rules/host.ts';
import { formatPath } from '../schema/path.ts';
import { problem, type Subject } from '../subject.ts';
import { isDnsLabel } from '../values/host-name.ts';
import type { ServiceSpec } from './service.ts';

/** What the schema of a Service cannot say (Kubernetes: ValidateService). */
export function validateService(spec: ServiceSpec, subject: Subject): void {
  const { report } = subject;
  if (!isDnsLabel(subject.name)) {
    report.add('PEL1009', { value: subject.name, what: 'name' }, ['metadata', 'name']);
  }
  const ports = spec.ports ?? [];
  if (spec.type === 'ExternalName') {
    const path = ['spec', 'externalName'];
    if (spec.externalName) checkName(spec.externalName, path, report);
    else problem(report, 'PEL3005', path, 'a Service of type ExternalName needs the name it stands for');
  } else if (ports.length === 0 && spec.clusterIP !== 'None') {
    problem(report, 'PEL3005', ['spec', 'ports'], 'there must be at least one port');
  }
  const names = new Set<string>();
  const numbers = new Set<string>();
  ports.forEach(({ name = '', port, protocol }, index) => {
    const path = ['spec', 'ports', index];
    const number = `${port}/${protocol}`;
    if (ports.length > 1 && name === '') problem(report, 'PEL3005', path, 'of several ports, each needs a name');
    if (name !== '' && !isDnsLabel(name)) {
      problem(report, 'PEL3003', [...path, 'name'], `"${name}" cannot be the name of a port`);
    }
    if (name !== '' && names.has(name))
      report.add('PEL3002', { field: formatPath(path), what: `the port name ${name}` }, path);
    if (numbers.has(number)) report.add('PEL3002', { field: formatPath(path), what: `the port ${number}` }, path);
    names.add(name);
    numbers.add(number);
  });
}
