/** Random RBAC policies and redirects, from a seed. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type Listener, ListenerSchema } from '../../src/envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import {
  RBAC_Action as Action,
  type PermissionSchema,
  type PrincipalSchema,
} from '../../src/envoy/gen/envoy/config/rbac/v3/rbac_pb.ts';
import {
  RedirectAction_RedirectResponseCode as Code,
  type RedirectActionSchema,
  type RouteSchema,
} from '../../src/envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { RBACSchema } from '../../src/envoy/gen/envoy/extensions/filters/http/rbac/v3/rbac_pb.ts';
import { httpManager, socket, typed } from '../../src/simulate/testing/sample-resources.ts';
import type { Chance } from './chance.ts';

type Permission = MessageInitShape<typeof PermissionSchema>;
type Principal = MessageInitShape<typeof PrincipalSchema>;

const RANGES = ['127.0.0.0/8', '127.0.0.2/32', '10.0.0.0/8'];

function randomRange(chance: Chance): { readonly addressPrefix: string; readonly prefixLen: number } {
  const [addressPrefix = '', length] = chance.pick(RANGES).split('/');
  return { addressPrefix, prefixLen: Number(length) };
}

function randomHeader(chance: Chance): {
  readonly name: string;
  readonly headerMatchSpecifier: { case: 'stringMatch'; value: object };
} {
  const exact = { matchPattern: { case: 'exact' as const, value: chance.pick(['GET', 'PUT', 'one', '1']) } };
  return {
    name: chance.pick([':method', 'x-one', 'x-two']),
    headerMatchSpecifier: { case: 'stringMatch', value: exact },
  };
}

function randomPathRule(chance: Chance): { readonly rule: { case: 'path'; value: object } } {
  return {
    rule: {
      case: 'path',
      value: { matchPattern: { case: 'prefix' as const, value: chance.pick(['/a', '/b', '/a/b']) } },
    },
  };
}

function randomPermission(chance: Chance, depth: number): Permission {
  const inner = (): Permission[] =>
    Array.from({ length: 1 + chance.below(2) }, () => randomPermission(chance, depth - 1));
  const kind = chance.below(depth > 0 ? 8 : 5);
  if (kind === 0) return { rule: { case: 'any', value: true } };
  if (kind === 1) return { rule: { case: 'header', value: randomHeader(chance) } };
  if (kind === 2) return { rule: { case: 'urlPath', value: randomPathRule(chance) } };
  if (kind === 3) return { rule: { case: 'destinationIp', value: randomRange(chance) } };
  if (kind === 4) return { rule: { case: 'destinationPortRange', value: { start: 1, end: chance.pick([2, 65_535]) } } };
  if (kind === 5) return { rule: { case: 'andRules', value: { rules: inner() } } };
  if (kind === 6) return { rule: { case: 'orRules', value: { rules: inner() } } };
  return { rule: { case: 'notRule', value: randomPermission(chance, depth - 1) } };
}

function randomPrincipal(chance: Chance, depth: number): Principal {
  const inner = (): Principal[] =>
    Array.from({ length: 1 + chance.below(2) }, () => randomPrincipal(chance, depth - 1));
  const kind = chance.below(depth > 0 ? 9 : 6);
  if (kind === 0) return { identifier: { case: 'any', value: true } };
  if (kind === 1) return { identifier: { case: 'header', value: randomHeader(chance) } };
  if (kind === 2) return { identifier: { case: 'urlPath', value: randomPathRule(chance) } };
  if (kind === 3) return { identifier: { case: 'directRemoteIp', value: randomRange(chance) } };
  if (kind === 4) return { identifier: { case: 'remoteIp', value: randomRange(chance) } };
  if (kind === 5) return { identifier: { case: 'authenticated', value: {} } };
  if (kind === 6) return { identifier: { case: 'andIds', value: { ids: inner() } } };
  if (kind === 7) return { identifier: { case: 'orIds', value: { ids: inner() } } };
  return { identifier: { case: 'notId', value: randomPrincipal(chance, depth - 1) } };
}

/** A listener that lets some requests through to an answer. */
export function randomPolicies(chance: Chance, port: number): Listener {
  const policies = Object.fromEntries(
    Array.from({ length: chance.below(3) }, (_, index) => [
      `policy-${index}`,
      { permissions: [randomPermission(chance, 2)], principals: [randomPrincipal(chance, 2)] },
    ]),
  );
  const action = chance.pick([Action.ALLOW, Action.DENY]);
  const rbac = typed('envoy.filters.http.rbac', RBACSchema, { rules: { action, policies } });
  const body = { specifier: { case: 'inlineString' as const, value: 'let through' } };
  const answer: MessageInitShape<typeof RouteSchema> = {
    match: { pathSpecifier: { case: 'prefix', value: '/' } },
    action: { case: 'directResponse', value: { status: 200, body } },
  };
  return listener(
    `policies-${port}`,
    port,
    httpManager({ name: 'all', virtualHosts: [{ name: 'all', domains: ['*'], routes: [answer] }] }, [rbac]),
  );
}

function randomRedirect(chance: Chance): MessageInitShape<typeof RedirectActionSchema> {
  const regex = { pattern: { regex: '^/a(.*)$' }, substitution: '/x\\1' };
  return {
    schemeRewriteSpecifier: chance.pick([
      { case: 'httpsRedirect' as const, value: true },
      { case: 'schemeRedirect' as const, value: 'http' },
      { case: undefined },
    ]),
    hostRedirect: chance.pick(['', 'other.example', 'other.example:81']),
    portRedirect: chance.pick([0, 0, 8443]),
    pathRewriteSpecifier: chance.pick([
      { case: 'pathRedirect' as const, value: chance.pick(['/new', '/new?z=1']) },
      { case: 'prefixRewrite' as const, value: chance.pick(['/', '/new']) },
      { case: 'regexRewrite' as const, value: regex },
      { case: undefined },
    ]),
    responseCode: chance.pick([
      Code.MOVED_PERMANENTLY,
      Code.FOUND,
      Code.SEE_OTHER,
      Code.TEMPORARY_REDIRECT,
      Code.PERMANENT_REDIRECT,
    ]),
    stripQuery: chance.below(3) === 0,
  };
}

/** A listener that redirects everything, each path in another way. */
export function randomRedirects(chance: Chance, port: number): Listener {
  const routes = ['/a/b', '/a', '/b', '/'].map(
    (value): MessageInitShape<typeof RouteSchema> => ({
      match: { pathSpecifier: { case: chance.pick(['prefix', 'path']), value } },
      action: { case: 'redirect', value: randomRedirect(chance) },
    }),
  );
  return listener(
    `redirects-${port}`,
    port,
    httpManager({ name: 'all', virtualHosts: [{ name: 'all', domains: ['*'], routes }] }),
  );
}

function listener(name: string, port: number, filter: ReturnType<typeof httpManager>): Listener {
  return create(ListenerSchema, { name, address: socket('0.0.0.0', port), filterChains: [{ filters: [filter] }] });
}
