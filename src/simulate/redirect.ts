import {
  RedirectAction_RedirectResponseCode as Code,
  type RedirectAction,
  type RouteMatch,
} from '../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { pathOf } from './header-match.ts';
import type { HttpRequest } from './payload.ts';
import { substitute } from './string-match.ts';
import { portOf, withoutPort } from './virtual-host-match.ts';

/** The status and the Location header of a redirect. */
export function redirectOf(
  action: RedirectAction,
  request: HttpRequest,
  match: RouteMatch | undefined,
): { readonly status: number; readonly location: string } {
  const { schemeRewriteSpecifier: rewrite } = action;
  const scheme =
    rewrite.case === 'httpsRedirect' && rewrite.value
      ? 'https'
      : rewrite.case === 'schemeRedirect' && rewrite.value
        ? rewrite.value
        : request.scheme;
  const path = redirectedPath(action, request, match);
  return { status: statusOf(action.responseCode), location: `${scheme}://${hostOf(action, request, scheme)}${path}` };
}

/**
 * The request's own host loses its port where another one is set, or where it was the old scheme's default and the scheme
 * changes; a host that the route sets stays as it is written, with its port.
 */
function hostOf(action: RedirectAction, request: HttpRequest, scheme: string): string {
  const port = action.portRedirect > 0 ? `:${action.portRedirect}` : '';
  if (action.hostRedirect) return action.hostRedirect + port;
  const wasDefault = portOf(request.authority) === (request.scheme === 'https' ? 443 : 80);
  const strips = port !== '' || (scheme !== request.scheme && wasDefault);
  return (strips ? withoutPort(request.authority) : request.authority) + port;
}

function redirectedPath(action: RedirectAction, request: HttpRequest, match: RouteMatch | undefined): string {
  const path = pathOf(request);
  const query = action.stripQuery ? '' : request.path.slice(path.length);
  const { pathRewriteSpecifier: rewrite } = action;
  switch (rewrite.case) {
    case 'pathRedirect':
      return rewrite.value.includes('?') ? rewrite.value : rewrite.value + query;
    case 'prefixRewrite':
      return rewritePrefix(path, match, rewrite.value) + query;
    case 'regexRewrite':
      return substitute(path, rewrite.value.pattern?.regex ?? '', rewrite.value.substitution) + query;
    default:
      return path + query;
  }
}

/** Puts something else in place of what the route matched: the prefix, or the whole path of an exact or regex match. */
export function rewritePrefix(path: string, match: RouteMatch | undefined, replacement: string): string {
  const specifier = match?.pathSpecifier;
  const isPrefix = specifier?.case === 'prefix' || specifier?.case === 'pathSeparatedPrefix';
  return isPrefix ? replacement + path.slice(specifier.value.length) : replacement;
}

function statusOf(code: Code): number {
  switch (code) {
    case Code.FOUND:
      return 302;
    case Code.SEE_OTHER:
      return 303;
    case Code.TEMPORARY_REDIRECT:
      return 307;
    case Code.PERMANENT_REDIRECT:
      return 308;
    default:
      return 301;
  }
}
