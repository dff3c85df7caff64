import type { Report } from '../object-report.ts';
import type { Path } from '../schema/path.ts';
import { problem } from '../subject.ts';
import { isCidrBlock, isIpAddress } from '../values/ip-address.ts';

/** Addresses and CIDR blocks. */
export function checkAddresses(values: readonly string[] | undefined, path: Path, report: Report): void {
  values?.forEach((value, index) => {
    if (isIpAddress(value) || isCidrBlock(value)) return;
    problem(report, 'PEL3020', [...path, index], `"${value}" is neither an IP address nor a CIDR block`);
  });
}

/** Port numbers, as texts. */
export function checkPorts(values: readonly string[] | undefined, path: Path, report: Report): void {
  values?.forEach((value, index) => {
    if (/^\d{1,5}$/.test(value) && Number(value) <= 65535) return;
    problem(report, 'PEL3020', [...path, index], `"${value}" is not a port`);
  });
}
