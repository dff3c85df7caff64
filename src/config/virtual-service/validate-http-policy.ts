import type { Report } from '../object-report.ts';
import { checkDuration } from '../rules/duration.ts';
import type { Path } from '../schema/path.ts';
import { problem } from '../subject.ts';
import { GRPC_STATUS_NAMES } from '../values/grpc-status.ts';
import { isHeaderName } from '../values/header.ts';
import type { HttpFault } from './fault.ts';
import type { CorsPolicy, HttpDirectResponse, HttpRetry, Percent } from './type.ts';
import { checkMatchRegex } from './validate-http-match.ts';

/** Envoy: x-envoy-retry-on and x-envoy-retry-grpc-on. */
const RETRY_CONDITIONS: ReadonlySet<string> = new Set([
  '5xx',
  'cancelled',
  'connect-failure',
  'deadline-exceeded',
  'envoy-ratelimited',
  'gateway-error',
  'http3-post-connect-failure',
  'internal',
  'refused-stream',
  'reset',
  'reset-before-request',
  'resource-exhausted',
  'retriable-4xx',
  'retriable-headers',
  'retriable-status-codes',
  'unavailable',
]);
const CORS_METHODS: ReadonlySet<string> = new Set([
  '*',
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
]);
const GRPC_STATUSES: ReadonlySet<string> = new Set(GRPC_STATUS_NAMES);
/** A body is part of the configuration of every proxy that has the route. */
const MAX_BODY_BYTES = 1024 * 1024;
const LARGE_BODY_BYTES = 100 * 1024;

/** Which origins a browser may call from (Istio: validateCORSPolicy). */
export function checkCors(policy: CorsPolicy | undefined, path: Path, report: Report): void {
  if (!policy) return;
  policy.allowOrigins?.forEach((origin, index) => {
    const place = [...path, 'allowOrigins', index];
    if (!origin.exact && !origin.prefix && !origin.regex) problem(report, 'PEL3011', place, 'the origin is empty');
    else checkMatchRegex(origin, place, report);
  });
  policy.allowMethods?.forEach((method, index) => {
    if (CORS_METHODS.has(method)) return;
    problem(report, 'PEL3011', [...path, 'allowMethods', index], `"${method}" is not a method of HTTP`);
  });
  for (const name of ['allowHeaders', 'exposeHeaders'] as const) {
    policy[name]?.forEach((header, index) => {
      if (header === '*' || isHeaderName(header)) return;
      problem(report, 'PEL3008', [...path, name, index], `"${header}" cannot be the name of a header`);
    });
  }
  checkDuration(policy.maxAge, [...path, 'maxAge'], report);
  if (policy.maxAge && /(?:[nuµ]s|ms)$|\./.test(policy.maxAge)) {
    problem(report, 'PEL3009', [...path, 'maxAge'], `${policy.maxAge} is not a number of whole seconds`);
  }
}

/** Faults on purpose (Istio: validateHTTPFaultInjection). */
export function checkFault(fault: HttpFault | undefined, path: Path, report: Report): void {
  if (!fault) return;
  const { abort, delay } = fault;
  if (!abort && !delay) problem(report, 'PEL3005', path, 'it says nothing of what goes wrong: abort or delay');
  if (abort) {
    const place = [...path, 'abort'];
    checkPercentage(abort.percentage, place, report);
    if (abort.httpStatus !== undefined) checkStatus(abort.httpStatus, [...place, 'httpStatus'], report);
    else if (abort.grpcStatus !== undefined) {
      if (!GRPC_STATUSES.has(abort.grpcStatus))
        problem(
          report,
          'PEL3011',
          [...place, 'grpcStatus'],
          `"${abort.grpcStatus}" is not a status of gRPC such as UNAVAILABLE`,
        );
    } else if (abort.http2Error !== undefined)
      problem(report, 'PEL3011', [...place, 'http2Error'], 'Envoy cannot abort with an error of HTTP/2');
    else problem(report, 'PEL3017', place, 'it says nothing of how to abort: httpStatus or grpcStatus');
  }
  if (delay) {
    const place = [...path, 'delay'];
    checkPercentage(delay.percentage, place, report);
    checkDuration(delay.fixedDelay, [...place, 'fixedDelay'], report);
    if (delay.exponentialDelay)
      problem(report, 'PEL3011', [...place, 'exponentialDelay'], 'Envoy has no such delay; use fixedDelay');
  }
}

function checkPercentage(percentage: Percent | undefined, path: Path, report: Report): void {
  const value = percentage?.value ?? 0;
  if (value < 0 || value > 100 || (value > 0 && value < 0.0001)) {
    problem(report, 'PEL3010', [...path, 'percentage'], `${value} is neither 0 nor in the range 0.0001 to 100`);
  }
}

function checkStatus(status: number, path: Path, report: Report): void {
  if (status < 200 || status > 600)
    problem(report, 'PEL3010', path, `${status} is no status that can be answered (200 to 599)`);
}

/** An answer without asking anybody (Istio: validateHTTPDirectResponse). */
export function checkDirectResponse(response: HttpDirectResponse | undefined, path: Path, report: Report): void {
  if (!response) return;
  checkStatus(response.status, [...path, 'status'], report);
  const { string = '', bytes = '' } = response.body ?? {};
  const size = Math.max(string.length, Math.floor((bytes.length * 3) / 4));
  const place = [...path, 'body'];
  if (size > MAX_BODY_BYTES) problem(report, 'PEL3010', place, `it has ${size} bytes, more than ${MAX_BODY_BYTES}`);
  else if (size > LARGE_BODY_BYTES)
    problem(report, 'PEL3017', place, `it has ${size} bytes, and every proxy with this route keeps a copy`);
}

/** When a request is tried again (Istio: validateHTTPRetry). */
export function checkRetries(retries: HttpRetry | undefined, path: Path, report: Report): void {
  if (!retries) return;
  const { attempts = 0, perTryTimeout, retryOn, retryRemoteLocalities, backoff } = retries;
  if (attempts < 0) problem(report, 'PEL3010', [...path, 'attempts'], `${attempts} is less than zero`);
  if (attempts === 0 && (perTryTimeout !== undefined || retryOn || retryRemoteLocalities !== undefined)) {
    problem(report, 'PEL3004', path, 'with attempts 0 nothing is tried again, so there can be no other settings');
  }
  checkDuration(perTryTimeout, [...path, 'perTryTimeout'], report);
  checkDuration(backoff, [...path, 'backoff'], report);
  for (const condition of retryOn ? retryOn.split(',') : []) {
    const isStatus = /^[1-5]\d\d$/.test(condition);
    if (isStatus || RETRY_CONDITIONS.has(condition)) continue;
    problem(report, 'PEL3011', [...path, 'retryOn'], `"${condition}" is neither a condition of Envoy's nor a status`);
  }
}
