import type { HTTPFault } from '../envoy/gen/envoy/extensions/filters/http/fault/v3/fault_pb.ts';
import { matchesHeader } from './header-match.ts';
import type { HttpRequest } from './payload.ts';
import { fractionOf } from './route-match.ts';

/** A fault that meets a request, with the share of requests it meets (0 to 1). */
export interface Fault {
  readonly delay?: { readonly share: number; readonly delayMs: number };
  readonly abort?: { readonly share: number; readonly status: number; readonly body: string };
}

/** Envoy's body of an aborted request where none is set. */
const ABORT_BODY = 'fault filter abort';

/** @returns undefined where the fault is not for this request. */
export function faultOf(config: HTTPFault, request: HttpRequest): Fault | undefined {
  if (!config.headers.every((header) => matchesHeader(header, request))) return undefined;
  const delay = delayOf(config, request);
  const abort = abortOf(config, request);
  return { ...(delay && delay.share > 0 ? { delay } : {}), ...(abort && abort.share > 0 ? { abort } : {}) };
}

function delayOf(config: HTTPFault, request: HttpRequest): Fault['delay'] {
  const { delay } = config;
  if (!delay) return undefined;
  const share = delay.percentage ? fractionOf(delay.percentage) : 0;
  if (delay.faultDelaySecifier.case === 'fixedDelay') {
    const { seconds, nanos } = delay.faultDelaySecifier.value;
    return { share, delayMs: Number(seconds) * 1_000 + nanos / 1_000_000 };
  }
  const asked = Number(request.headers['x-envoy-fault-delay-request']);
  return delay.faultDelaySecifier.case === 'headerDelay' && asked > 0 ? { share, delayMs: asked } : undefined;
}

function abortOf(config: HTTPFault, request: HttpRequest): Fault['abort'] {
  const { abort } = config;
  if (!abort) return undefined;
  const share = abort.percentage ? fractionOf(abort.percentage) : 0;
  const body = abort.responseBody || ABORT_BODY;
  if (abort.errorType.case === 'httpStatus') return { share, status: abort.errorType.value, body };
  // A gRPC status is sent in trailers of an answer with 200.
  if (abort.errorType.case === 'grpcStatus') return { share, status: 200, body: '' };
  const asked = Number(request.headers['x-envoy-fault-abort-request']);
  return abort.errorType.case === 'headerAbort' && asked >= 200 && asked < 600
    ? { share, status: asked, body }
    : undefined;
}
