import type { Report } from '../object-report.ts';
import type { Path } from '../schema/path.ts';
import { problem } from '../subject.ts';
import { checkHeaderValue, isAuthorityHeader, isHeaderName, isInternalHeader } from '../values/header.ts';
import type { HeaderOperations, Headers } from './type.ts';

/** Headers that are set, added and removed. Of requests, the authority may be set as well. */
export function checkHeaders(headers: Headers | undefined, path: Path, report: Report): void {
  if (!headers) return;
  checkOperations(headers.request, [...path, 'request'], report);
  checkOperations(headers.response, [...path, 'response'], report);
}

function checkOperations(operations: HeaderOperations | undefined, path: Path, report: Report): void {
  const isRequest = path.at(-1) === 'request';
  for (const operation of ['set', 'add'] as const) {
    for (const [name, value] of Object.entries(operations?.[operation] ?? {})) {
      const place = [...path, operation, name];
      if (!(isRequest && isAuthorityHeader(name))) checkChangedName(name, place, report);
      const wrong = checkHeaderValue(value);
      if (wrong) problem(report, 'PEL3008', place, `"${value}" cannot be the value of a header: ${wrong}`);
    }
  }
  operations?.remove?.forEach((name, index) => {
    checkChangedName(name, [...path, 'remove', index], report);
  });
}

function checkChangedName(name: string, path: Path, report: Report): void {
  if (name === '') problem(report, 'PEL3008', path, 'the name of the header is empty');
  else if (isInternalHeader(name))
    problem(report, 'PEL3008', path, `"${name}" cannot be changed: it is what the request itself is made of`);
  else if (!isHeaderName(name)) problem(report, 'PEL3008', path, `"${name}" cannot be the name of a header`);
}
