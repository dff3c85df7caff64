import type { Report } from '../object-report.ts';
import { checkPort, checkWildcardHost, reportHost } from '../rules/host.ts';
import { formatPath, type Path } from '../schema/path.ts';
import { problem } from '../subject.ts';
import { isDnsLabel } from '../values/host-name.ts';
import type { Destination } from './type.ts';

/** Whom traffic is sent to (Istio: validateDestination). */
export function checkDestination(destination: Destination | undefined, path: Path, report: Report): void {
  if (!destination) return;
  if (destination.host === '*') reportHost('*', 'a destination must be one host', [...path, 'host'], report);
  else checkWildcardHost(destination.host, [...path, 'host'], report);
  if (destination.subset && !isDnsLabel(destination.subset)) {
    problem(report, 'PEL3011', [...path, 'subset'], `"${destination.subset}" cannot be the name of a subset`);
  }
  if (destination.port) checkPort(destination.port.number ?? 0, [...path, 'port'], report);
}

/** A list of destinations with shares. */
export function checkWeights(
  routes: readonly { readonly destination?: Destination; readonly weight?: number }[] | undefined,
  path: Path,
  report: Report,
): void {
  if (!routes?.length) return;
  routes.forEach((route, index) => {
    const place = [...path, index];
    checkDestination(route.destination, [...place, 'destination'], report);
    if ((route.weight ?? 0) < 0) problem(report, 'PEL3013', [...place, 'weight'], `${route.weight} is less than zero`);
  });
  const sum = routes.reduce((total, route) => total + (route.weight ?? 0), 0);
  if (routes.length < 2) return;
  if (sum === 0) problem(report, 'PEL3013', path, 'the weights add up to zero');
  else if (sum > 0 && sum !== 100) {
    const [first] = routes;
    const percent = Math.round(((first?.weight ?? 0) / sum) * 1000) / 10;
    const example = `the first destination gets ${percent} % of the requests`;
    report.add('PEL3014', { field: formatPath(path), sum, example }, path);
  }
}
