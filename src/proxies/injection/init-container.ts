import type { Container } from './pod.ts';
import { INIT_CONTAINER } from './pod.ts';
import type { PodOptions } from './pod-options.ts';
import { formatRedirectRules } from './redirect-rules.ts';
import type { RedirectScope } from './redirect-scope.ts';
import type { InjectionSettings } from './settings.ts';

/**
 * The rules come by variables. Where a kernel has no nf_tables, iptables' older back end is used. Rules for IPv6 must be
 * there if the pod has an address that others can reach it at (scope 00 in if_inet6); else they are tried. ::6 is what the
 * proxy calls the application from; unlike 127.0.0.6 it is no address of the loopback by itself.
 */
const SCRIPT = `restore() { printf '%s' "$2" | "$1-restore" --noflush || printf '%s' "$2" | "$1-legacy-restore" --noflush; }
restore iptables "$RULES_IPV4" || exit 1
[ -e /proc/net/if_inet6 ] || exit 0
if grep -Eq '^[0-9a-f]{32} [0-9a-f]+ [0-9a-f]+ 00 ' /proc/net/if_inet6; then
  restore ip6tables "$RULES_IPV6" || exit 1
  ip -6 addr add ::6/128 dev lo 2>/dev/null || true
else
  restore ip6tables "$RULES_IPV6" 2>/dev/null || true
fi`;

/** Redirects the pod's traffic to its proxy, before anything else of the pod runs. */
export function initContainer(scope: RedirectScope, options: PodOptions, settings: InjectionSettings): Container {
  return {
    name: INIT_CONTAINER,
    image: options.image,
    ...(settings.imagePullPolicy ? { imagePullPolicy: settings.imagePullPolicy } : {}),
    command: ['sh', '-c', SCRIPT],
    env: [
      { name: 'RULES_IPV4', value: formatRedirectRules(scope, 4) },
      { name: 'RULES_IPV6', value: formatRedirectRules(scope, 6) },
      // Debian's iptables locks a file, and the root is read-only.
      { name: 'XTABLES_LOCKFILE', value: '/dev/shm/xtables.lock' },
    ],
    resources: settings.initResources,
    securityContext: {
      allowPrivilegeEscalation: settings.privileged,
      privileged: settings.privileged,
      capabilities: { add: ['NET_ADMIN', 'NET_RAW'], drop: ['ALL'] },
      readOnlyRootFilesystem: true,
      runAsUser: 0,
      runAsGroup: 0,
      runAsNonRoot: false,
    },
  };
}
