import type { ConnectionPoolSettings, OutlierDetection } from '../destination-rule/type.ts';
import type { Report } from '../object-report.ts';
import { formatPath, type Path } from '../schema/path.ts';
import { problem } from '../subject.ts';
import { checkDuration, checkDurationOrZero } from './duration.ts';

/** Limits and time-outs of connections (Istio: validateConnectionPool). */
export function checkConnectionPool(pool: ConnectionPoolSettings | undefined, path: Path, report: Report): void {
  if (!pool) return;
  const { tcp, http } = pool;
  if (!tcp && !http) problem(report, 'PEL3028', path, 'the connection pool has no setting');
  if (http) {
    checkNotNegative(http, [...path, 'http'], report);
    checkDuration(http.idleTimeout, [...path, 'http', 'idleTimeout'], report);
    if (http.h2UpgradePolicy === 'UPGRADE' && http.useClientProtocol === true) {
      problem(
        report,
        'PEL3004',
        [...path, 'http'],
        'h2UpgradePolicy UPGRADE and useClientProtocol ask for different protocols',
      );
    }
  }
  if (tcp) {
    const place = [...path, 'tcp'];
    checkNotNegative(tcp, place, report);
    checkDuration(tcp.connectTimeout, [...place, 'connectTimeout'], report);
    checkDuration(tcp.maxConnectionDuration, [...place, 'maxConnectionDuration'], report);
    checkDurationOrZero(tcp.idleTimeout, [...place, 'idleTimeout'], report);
    checkDuration(tcp.tcpKeepalive?.time, [...place, 'tcpKeepalive', 'time'], report);
    checkDuration(tcp.tcpKeepalive?.interval, [...place, 'tcpKeepalive', 'interval'], report);
  }
}

function checkNotNegative(settings: object, path: Path, report: Report): void {
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value === 'number' && value < 0)
      problem(report, 'PEL3010', [...path, name], `${value} is less than zero`);
  }
}

/** When endpoints are ejected (Istio: validateOutlierDetection). */
export function checkOutlierDetection(outlier: OutlierDetection | undefined, path: Path, report: Report): void {
  if (!outlier) return;
  checkDuration(outlier.baseEjectionTime, [...path, 'baseEjectionTime'], report);
  checkDuration(outlier.interval, [...path, 'interval'], report);
  checkPercent(outlier.maxEjectionPercent, [...path, 'maxEjectionPercent'], report);
  checkPercent(outlier.minHealthPercent, [...path, 'minHealthPercent'], report);
  if (outlier.consecutiveErrors) {
    const place = [...path, 'consecutiveErrors'];
    const instead = 'use consecutiveGatewayErrors or consecutive5xxErrors';
    report.add('PEL3016', { field: formatPath(place), instead }, place);
  }
  if (outlier.splitExternalLocalOriginErrors !== true && (outlier.consecutiveLocalOriginFailures ?? 0) > 0) {
    const place = [...path, 'consecutiveLocalOriginFailures'];
    problem(report, 'PEL3005', place, 'it counts only with splitExternalLocalOriginErrors: true');
  }
}

function checkPercent(value: number | undefined, path: Path, report: Report): void {
  if (value !== undefined && (value < 0 || value > 100)) {
    problem(report, 'PEL3010', path, `${value} is not in the range 0 to 100`);
  }
}
