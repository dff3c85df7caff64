import type { Duration } from '@bufbuild/protobuf/wkt';
import type {
  RouteAction_RequestMirrorPolicy as MirrorPolicy,
  RouteAction,
  VirtualHost,
} from '../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import type { MatchedRoute } from './http-exchange.ts';
import { fractionOf } from './route-match.ts';

/** Timeout and retries of a route in words; empty where it says nothing. */
export function describePolicies(action: RouteAction, virtualHost: VirtualHost): string {
  const parts: string[] = [];
  if (action.timeout)
    parts.push(
      milliseconds(action.timeout) === 0 ? 'no timeout' : `times out after ${milliseconds(action.timeout)} ms`,
    );
  const retry = action.retryPolicy ?? virtualHost.retryPolicy;
  if (retry?.retryOn) {
    const perTry = retry.perTryTimeout ? `, ${milliseconds(retry.perTryTimeout)} ms each` : '';
    parts.push(`retries ${retry.numRetries ?? 1} times on ${retry.retryOn}${perTry}`);
  }
  return parts.join('; ');
}

function milliseconds(duration: Duration): number {
  return Number(duration.seconds) * 1_000 + duration.nanos / 1_000_000;
}

/** Where copies of a request go; the copies are reported and not walked. */
export function mirrorsOf(
  action: RouteAction,
  routing: MatchedRoute,
): readonly { readonly cluster: string; readonly text: string }[] {
  const levels = [action, routing.virtualHost, routing.config];
  const policies =
    levels.find(({ requestMirrorPolicies }) => requestMirrorPolicies.length > 0)?.requestMirrorPolicies ?? [];
  return policies.map((policy) => ({ cluster: policy.cluster || policy.clusterHeader, text: describeMirror(policy) }));
}

function describeMirror(policy: MirrorPolicy): string {
  const fraction = policy.runtimeFraction?.defaultValue;
  const share = fraction ? fractionOf(fraction) : 1;
  return `copies ${Number((share * 100).toFixed(4))} % of the requests to ${policy.cluster || policy.clusterHeader}`;
}
