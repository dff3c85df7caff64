import type { Listener } from '../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { type Call, streamOf } from './call.ts';
import { handedOver, internalListener, listenerAt } from './listener-match.ts';
import { walkListener } from './listener-walk.ts';
import { type Connection, NO_FILTER_STATE } from './payload.ts';
import { CLUSTER } from './resource-lookup.ts';
import { type Dial, end, fail, type Step, withHop } from './step.ts';
import { type Path, START } from './trail.ts';
import type { AppSite, ProxyKey, World } from './world.ts';

/** All ways that a call may take; their probabilities add up to 1. */
export interface Walk {
  readonly call: Call;
  readonly paths: readonly Path[];
}

/** A call crosses fewer connections than this in any sensible mesh: more is a loop. */
const MAX_CONNECTIONS = 24;

/**
 * Walks a call from the proxy where it comes in, through every proxy behind it, to applications or to the proxy that
 * stops it. Reads the world, changes nothing, and gives the same for the same.
 */
export function walk(world: World, start: ProxyKey, call: Call): Walk {
  const site = world.proxy(start);
  if (!site) throw new RangeError(`the world has no proxy ${start}`);
  const step: Step = { world, proxy: start, site, trail: START, depth: 0, dial };
  const connection: Connection = {
    destination: call.via.kind === 'http-proxy' ? call.via.listener : call.destination,
    source: call.source ?? { address: '127.0.0.1', port: 40_000 },
    stream: streamOf(call),
    filterState: NO_FILTER_STATE,
  };
  const redirectedTo = call.via.kind === 'intercepted' ? call.via.redirectedTo : undefined;
  return { call, paths: enter(step, connection, redirectedTo) };
}

/** A connection comes to a proxy's socket. */
function enter(step: Step, connection: Connection, redirectedTo: number | undefined): readonly Path[] {
  const { destination } = connection;
  const { resources } = step.site;
  const listener =
    redirectedTo === undefined
      ? listenerAt(resources, destination)
      : redirected(step, { ...destination, port: redirectedTo });
  if (!listener) {
    return fail(step, 'no-listener', `no listener of ${step.proxy} is at ${destination.address}:${destination.port}`);
  }
  return walkListener(
    step,
    redirectedTo === undefined ? listener : handedOver(resources, listener, destination),
    connection,
  );
}

/** The kernel redirects to the loopback or to the wildcard address of this port. */
function redirected(step: Step, to: { readonly address: string; readonly port: number }): Listener | undefined {
  return (
    listenerAt(step.site.resources, to) ?? listenerAt(step.site.resources, { address: '127.0.0.1', port: to.port })
  );
}

/** Continues at the other side of a connection. */
function dial(step: Step, { to, connection }: Dial): readonly Path[] {
  if (step.depth >= MAX_CONNECTIONS) return fail(step, 'loop', `the call comes back again and again by ${step.proxy}`);
  const deeper: Step = { ...step, depth: step.depth + 1 };
  if (to.kind === 'internal') {
    const listener = internalListener(step.site.resources, to.listener);
    if (listener) return walkListener(deeper, listener, connection);
    return fail(step, 'no-listener', `the proxy has no internal listener ${to.listener}`);
  }
  const target = step.world.connect(step.proxy, to.address, to.port);
  if (!target) return fail(step, 'connection-refused', `nobody listens at ${to.address}:${to.port}`);
  if (target.kind === 'app') return reach(deeper, target.app, connection);
  const site = step.world.proxy(target.proxy);
  if (!site) return fail(step, 'connection-refused', `the proxy ${target.proxy} is not there`);
  return enter({ ...deeper, proxy: target.proxy, site }, connection, target.redirectedTo);
}

/** The connection is at an application. */
function reach(step: Step, app: AppSite, connection: Connection): readonly Path[] {
  const { tls, payload } = connection.stream;
  const name = app.fields['pod'] || `${app.address}:${app.port}`;
  const last = step.trail.hops.findLast((hop) => hop.kind === 'cluster');
  const resource = last?.resource ?? { type: CLUSTER, name: '' };
  const at = withHop(step, { kind: 'app', name, resource }, `reaches ${name}`);
  if (tls.length > 0 && !app.tls) {
    return fail(at, 'protocol-error', `${name} speaks plaintext and the proxy before it sends TLS`);
  }
  if (app.tls && tls.length === 0) return fail(at, 'tls-required', `${name} speaks TLS and gets plaintext`);
  if (payload.kind === 'tcp') return end(at, { headers: {}, app });
  return end(at, { status: 200, headers: {}, app, request: payload.request });
}
