import type { Report } from '../object-report.ts';
import { checkDuration } from '../rules/duration.ts';
import { formatPath, type Path } from '../schema/path.ts';
import { problem } from '../subject.ts';
import type { ConsistentHash, LoadBalancerSettings, LocalityLbSetting } from './load-balancer.ts';

/** Envoy's limit of a Maglev table. */
const MAX_MAGLEV_TABLE = 5_000_011;
const TOPOLOGY_LABELS: ReadonlySet<string> = new Set([
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.istio.io/subzone',
]);

/** How endpoints are chosen (Istio: validateLoadBalancer). */
export function checkLoadBalancer(
  settings: LoadBalancerSettings | undefined,
  path: Path,
  context: { readonly report: Report; readonly hasOutlierDetection: boolean },
): void {
  if (!settings) return;
  const { report } = context;
  if (settings.consistentHash) checkConsistentHash(settings.consistentHash, [...path, 'consistentHash'], report);
  const { localityLbSetting: locality, warmup } = settings;
  if (locality) {
    const place = [...path, 'localityLbSetting'];
    checkLocality(locality, place, report);
    const failsOver = Boolean(locality.failover?.length || locality.failoverPriority?.length);
    if (failsOver && !context.hasOutlierDetection) {
      problem(
        report,
        'PEL3017',
        place,
        'failover works only together with outlierDetection, which tells who is unhealthy',
      );
    }
  }
  if (warmup) {
    const place = [...path, 'warmup'];
    checkDuration(warmup.duration, [...place, 'duration'], report);
    if (warmup.aggression !== undefined && warmup.aggression < 1) {
      problem(report, 'PEL3010', [...place, 'aggression'], `${warmup.aggression} is less than 1`);
    }
  }
}

function checkConsistentHash(hash: ConsistentHash, path: Path, report: Report): void {
  if (hash.httpCookie && hash.httpCookie.name === '')
    problem(report, 'PEL3005', [...path, 'httpCookie'], 'the cookie has no name');
  if (hash.minimumRingSize) {
    const place = [...path, 'minimumRingSize'];
    report.add('PEL3016', { field: formatPath(place), instead: 'use ringHash.minimumRingSize' }, place);
    if (hash.ringHash || hash.maglev) problem(report, 'PEL3004', place, 'it cannot be given beside ringHash or maglev');
  }
  if (hash.maglev) {
    const size = hash.maglev.tableSize ?? 0;
    const place = [...path, 'maglev', 'tableSize'];
    if (size >= MAX_MAGLEV_TABLE) problem(report, 'PEL3010', place, `${size} is not less than ${MAX_MAGLEV_TABLE}`);
    else if (!isPrime(size)) problem(report, 'PEL3010', place, `${size} is not a prime number, which Maglev needs`);
  }
}

function isPrime(value: number): boolean {
  if (value < 2) return false;
  for (let factor = 2; factor * factor <= value; factor++) if (value % factor === 0) return false;
  return true;
}

/** Shares and failover between localities (Istio: ValidateLocalityLbSetting). */
function checkLocality(locality: LocalityLbSetting, path: Path, report: Report): void {
  const { distribute = [], failover = [], failoverPriority = [] } = locality;
  if (distribute.length > 0 && failover.length > 0) {
    problem(report, 'PEL3029', path, 'distribute and failover cannot be given together');
  }
  const topology = failoverPriority.find((label) => TOPOLOGY_LABELS.has(label));
  if (failover.length > 0 && topology !== undefined) {
    problem(report, 'PEL3029', path, `failover and ${topology} in failoverPriority say the same thing in two ways`);
  }
  distribute.forEach((entry, index) => {
    const place = [...path, 'distribute', index];
    const weights = Object.values(entry.to ?? {});
    if (weights.some((weight) => weight < 1 || weight > 100))
      problem(report, 'PEL3029', place, 'each weight must be from 1 to 100');
    const sum = weights.reduce((total, weight) => total + weight, 0);
    if (sum !== 100) problem(report, 'PEL3029', place, `the weights add up to ${sum}, not to 100`);
    checkLocalities(Object.keys(entry.to ?? {}), [...place, 'to'], report);
  });
  checkLocalities(
    distribute.map((entry) => entry.from ?? ''),
    [...path, 'distribute'],
    report,
  );
  failover.forEach(({ from = '', to = '' }, index) => {
    const place = [...path, 'failover', index];
    if (from === to) problem(report, 'PEL3029', place, 'from and to are the same region');
    if (`${from}${to}`.includes('*')) problem(report, 'PEL3029', place, 'a region cannot have a wildcard here');
    if (`${from}${to}`.includes('/')) problem(report, 'PEL3029', place, 'only regions can be named here, no zones');
  });
}

function checkLocalities(localities: readonly string[], path: Path, report: Report): void {
  localities.forEach((locality, index) => {
    const star = locality.indexOf('*');
    if (star >= 0 && star !== locality.length - 1) {
      problem(report, 'PEL3029', path, `"${locality}": a wildcard can stand only at the end`);
    }
    if (locality.split('/').includes('')) {
      problem(report, 'PEL3029', path, `"${locality}" has an empty region, zone or sub-zone`);
    }
    const before = localities.slice(0, index).find((earlier) => overlaps(earlier, locality));
    if (before !== undefined) problem(report, 'PEL3029', path, `"${before}" and "${locality}" overlap`);
  });
}

/** Does an earlier locality take some of a later one's? A wildcard after finer ones is what is left of them. */
function overlaps(earlier: string, later: string): boolean {
  const [region, zone, subzone] = earlier.split('/');
  const [laterRegion, laterZone, laterSubzone] = later.split('/');
  if (region === '*') return true;
  if (region !== laterRegion) return false;
  if (zone === undefined || zone === '*' || laterZone === undefined) return true;
  if (zone !== laterZone) return false;
  return subzone === undefined || subzone === '*' || laterSubzone === undefined || subzone === laterSubzone;
}
