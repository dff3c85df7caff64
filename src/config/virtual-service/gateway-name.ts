import type { Report } from '../object-report.ts';
import { reportHost } from '../rules/host.ts';
import { formatPath, type Path } from '../schema/path.ts';
import { checkDnsName, isDnsLabel } from '../values/host-name.ts';

/** `<namespace>/<name>`, or a name in the own namespace. */
export function checkGatewayNames(names: readonly string[] | undefined, path: Path, report: Report): void {
  names?.forEach((name, index) => {
    const place = [...path, index];
    const [namespace = '', gateway, ...rest] = name.split('/');
    if (gateway === undefined) {
      reportHost(name, checkDnsName(name), place, report);
      if (name.includes('.')) {
        const [short, home] = name.split('.');
        report.add(
          'PEL3016',
          { field: formatPath(place), instead: `write ${home}/${short} in place of ${name}` },
          place,
        );
      }
    } else if (rest.length > 0 || !isDnsLabel(namespace) || !isDnsLabel(gateway)) {
      reportHost(name, 'a gateway is named <namespace>/<name>', place, report);
    }
  });
}
