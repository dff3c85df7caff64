import type { Any } from '@bufbuild/protobuf/wkt';
import { FilterConfigSchema } from '../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { HTTPFaultSchema } from '../envoy/gen/envoy/extensions/filters/http/fault/v3/fault_pb.ts';
import { RBACPerRouteSchema, RBACSchema } from '../envoy/gen/envoy/extensions/filters/http/rbac/v3/rbac_pb.ts';
import { ConfigSchema as SetFilterStateSchema } from '../envoy/gen/envoy/extensions/filters/http/set_filter_state/v3/set_filter_state_pb.ts';
import type { HttpFilter } from '../envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';
import { faultOf } from './fault.ts';
import { formatFacts, type HttpExchange, perRouteConfig, rbacFacts } from './http-exchange.ts';
import { decide } from './rbac.ts';
import { withFilterState } from './set-filter-state.ts';
import { answer, fail, type HopSubject, type Step, withHop, withShare } from './step.ts';
import type { Path } from './trail.ts';
import { typedConfigOf, typeOf, unpack } from './typed-config.ts';

/** What happens to a request at the end of its filters. */
export type Router = (step: Step, exchange: HttpExchange) => readonly Path[];

/** One HTTP filter with its settings for this route. */
interface ActiveFilter {
  readonly subject: HopSubject;
  readonly config: Any;
  readonly override: Any | undefined;
}

/** The rest of the filters. */
type Next = (step: Step, exchange: HttpExchange) => readonly Path[];
type FilterWalk = (
  step: Step,
  exchange: HttpExchange,
  use: { readonly filter: ActiveFilter; readonly next: Next },
) => readonly Path[];

const PREFIX = 'envoy.extensions.filters.http.';

/** The filters whose effect is walked, by the type of their configuration. */
const WALKS: Readonly<Record<string, FilterWalk>> = {
  [`${PREFIX}rbac.v3.RBAC`]: walkRbac,
  [`${PREFIX}fault.v3.HTTPFault`]: walkFault,
  [`${PREFIX}set_filter_state.v3.Config`]: walkSetFilterState,
};

/** Filters that change neither where a request goes nor whether it is let through: left out of the walk. */
const TRANSPARENT: readonly string[] = [
  'on_demand.v3.OnDemand',
  'grpc_stats.v3.FilterConfig',
  'cors.v3.Cors',
  'grpc_web.v3.GrpcWeb',
  'compressor.v3.Compressor',
  'decompressor.v3.Decompressor',
  'alternate_protocols_cache.v3.FilterConfig',
  'buffer.v3.Buffer',
  // It only looks the host up for a cluster of the same name.
  'dynamic_forward_proxy.v3.FilterConfig',
].map((name) => PREFIX + name);

const ROUTER = `${PREFIX}router.v3.Router`;

/** Sends a request through the filters in their order, then to the router. */
export function walkHttpFilters(step: Step, exchange: HttpExchange, router: Router): readonly Path[] {
  return runFrom(0, { step, exchange, router });
}

function runFrom(
  index: number,
  at: { readonly step: Step; readonly exchange: HttpExchange; readonly router: Router },
): readonly Path[] {
  const { step, exchange, router } = at;
  const filter = exchange.hcm.httpFilters[index];
  if (!filter) return fail(step, 'protocol-error', 'the HTTP filters end without a router, so nothing answers');
  const config = typedConfigOf(filter.configType);
  if (typeOf(config) === ROUTER) return router(step, exchange);
  const next: Next = (then, changed) => runFrom(index + 1, { step: then, exchange: changed, router });
  const active = activate(filter, exchange);
  if (!active || TRANSPARENT.includes(typeOf(active.config))) return next(step, exchange);
  const walk = WALKS[typeOf(active.config)];
  if (walk) return walk(step, exchange, { filter: active, next });
  return next(withHop(step, active.subject, 'passed without effect: this filter is not simulated'), exchange);
}

/** @returns undefined where the filter is off for this route, or comes by discovery. */
function activate(filter: HttpFilter, exchange: HttpExchange): ActiveFilter | undefined {
  const config = typedConfigOf(filter.configType);
  if (!config) return undefined;
  const override = perRouteConfig(exchange.routing, filter.name);
  const wrapper = unpack(override, FilterConfigSchema);
  if (wrapper ? wrapper.disabled : filter.disabled && !override) return undefined;
  return {
    subject: { kind: 'http-filter', name: filter.name, resource: exchange.downstream.resource },
    config,
    override: wrapper ? wrapper.config : override,
  };
}

function walkRbac(
  step: Step,
  exchange: HttpExchange,
  { filter, next }: { readonly filter: ActiveFilter; readonly next: Next },
): readonly Path[] {
  const override = unpack(filter.override, RBACPerRouteSchema);
  const config = override ? override.rbac : unpack(filter.config, RBACSchema);
  const facts = rbacFacts(exchange.downstream, exchange);
  let at = step;
  if (config?.shadowRules) {
    const shadow = decide(config.shadowRules, facts);
    at = withHop(
      at,
      filter.subject,
      `shadow rules would ${shadow.allowed ? 'allow' : 'deny'} it${byPolicy(shadow.policy)}`,
    );
  }
  if (config?.matcher) return next(withHop(at, filter.subject, 'passed: matcher trees are not simulated'), exchange);
  if (!config?.rules) return next(at, exchange);
  const decision = decide(config.rules, facts);
  const who = facts.peer?.uris[0] ?? (facts.tls ? 'a caller without identity' : 'a plaintext caller');
  const text = `${decision.allowed ? 'allowed' : 'denied'}${byPolicy(decision.policy)}: ${exchange.request.method} ${exchange.request.path} by ${who}`;
  at = withHop(at, filter.subject, text);
  if (decision.allowed) return next(at, exchange);
  return answer(at, { status: 403, body: 'RBAC: access denied', failure: { kind: 'rbac-denied', message: text } });
}

function byPolicy(policy: string | undefined): string {
  return policy === undefined ? ' (no policy matches)' : ` by ${policy}`;
}

function walkFault(
  step: Step,
  exchange: HttpExchange,
  { filter, next }: { readonly filter: ActiveFilter; readonly next: Next },
): readonly Path[] {
  const config = unpack(filter.override, HTTPFaultSchema) ?? unpack(filter.config, HTTPFaultSchema);
  const fault = config && faultOf(config, exchange.request);
  if (!fault) return next(step, exchange);
  const delayed = fault.delay
    ? withHop(step, filter.subject, `delays ${percent(fault.delay.share)} of the requests by ${fault.delay.delayMs} ms`)
    : step;
  if (!fault.abort) return next(delayed, exchange);
  const { share, status, body } = fault.abort;
  const text = `aborts ${percent(share)} of the requests with ${status}`;
  const aborting = withHop(delayed, filter.subject, text);
  const aborted = answer(withShare(aborting, share), { status, body, failure: { kind: 'fault-abort', message: text } });
  return share >= 1 ? aborted : [...aborted, ...next(withShare(aborting, 1 - share), exchange)];
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(4))} %`;
}

function walkSetFilterState(
  step: Step,
  exchange: HttpExchange,
  { filter, next }: { readonly filter: ActiveFilter; readonly next: Next },
): readonly Path[] {
  const config = unpack(filter.override, SetFilterStateSchema) ?? unpack(filter.config, SetFilterStateSchema);
  const { downstream, request } = exchange;
  const filterState = withFilterState(
    downstream.filterState,
    config?.onRequestHeaders ?? [],
    formatFacts(downstream, request),
  );
  return next(step, { ...exchange, downstream: { ...downstream, filterState } });
}
