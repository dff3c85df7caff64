import { TYPE_URL } from '../envoy/index.ts';
import { formatIdentity, type ProxyScope, type Resource } from '../model/index.ts';
import type { WorkloadSecret, WorkloadSecrets } from '../security/index.ts';
import { TRUST_SECRET, WORKLOAD_SECRET } from '../translate/index.ts';
import type { ResourceFeed, Subscription } from '../xds/index.ts';
import type { GatewaySecret } from './gateway-secret.ts';
import type { ConnectedProxy, ProxyScopes } from './proxy-scopes.ts';
import type { Translation } from './translation.ts';

export interface ProxyFeedSources {
  readonly scopes: ProxyScopes;
  readonly translation: Translation;
  readonly secrets: WorkloadSecrets;
  /** The proxy's pod is gone: its stream has to end. */
  readonly onGone: (proxy: ConnectedProxy) => void;
}

/** A value for one scope: what it is now, and the end of being told of its changes. */
interface Bound<T> {
  readonly read: () => T;
  readonly stop: () => void;
}

/**
 * What one connected proxy may ask for: its translations, its own key, the trust bundle and the Secrets that its Gateways
 * name. Nobody else's key. When its pod changes, everything is seen with its new eyes, on the same stream.
 */
export class ProxyFeed implements ResourceFeed {
  private readonly from: ProxyFeedSources;
  private readonly rebinds = new Set<() => void>();
  private readonly stopScope: () => void;
  private scope: ProxyScope | undefined;
  private release: () => void = () => {};

  constructor(proxy: ConnectedProxy, from: ProxyFeedSources) {
    this.from = from;
    this.setScope(from.scopes.get(proxy));
    this.stopScope = from.scopes.watch(proxy, (scope) => {
      if (scope) this.setScope(scope);
      else from.onGone(proxy);
    });
  }

  watchNames(type: string, onChange: (names: readonly string[]) => void): Subscription<readonly string[]> {
    const { translation } = this.from;
    return this.follow(onChange, [], (scope) => ({
      read: () => translation.wildcard(scope, type),
      stop: translation.watchWildcard(scope, type, onChange),
    }));
  }

  watch(
    type: string,
    name: string,
    onChange: (resource: Resource | undefined) => void,
  ): Subscription<Resource | undefined> {
    const { translation } = this.from;
    return this.follow(onChange, undefined, (scope) => {
      if (type === TYPE_URL.SDS) return this.bindSecret(scope, name, onChange);
      return {
        read: () => translation.resource(scope, type, name),
        stop: translation.watchResource(scope, { type, name }, onChange),
      };
    });
  }

  shareKey(type: string, name: string): string | undefined {
    if (type === TYPE_URL.SDS || !this.scope) return undefined;
    return this.from.translation.shareKey(this.scope, type, name);
  }

  close(): void {
    this.stopScope();
    this.rebinds.clear();
    this.release();
  }

  private setScope(scope: ProxyScope | undefined): void {
    if (!scope) return;
    const release = this.release;
    this.release = this.from.translation.hold(scope);
    this.scope = scope;
    for (const rebind of [...this.rebinds]) rebind();
    release();
  }

  /** `current` is read whenever the stream sends, so it is what the value is then and not what it was at the start. */
  private follow<T>(onChange: (value: T) => void, none: T, bind: (scope: ProxyScope) => Bound<T>): Subscription<T> {
    let bound = this.scope && bind(this.scope);
    const rebind = (): void => {
      bound?.stop();
      bound = this.scope && bind(this.scope);
      onChange(bound ? bound.read() : none);
    };
    this.rebinds.add(rebind);
    return {
      get current(): T {
        return bound ? bound.read() : none;
      },
      stop: () => {
        this.rebinds.delete(rebind);
        bound?.stop();
        bound = undefined;
      },
    };
  }

  private bindSecret(
    scope: ProxyScope,
    name: string,
    onChange: (resource: Resource | undefined) => void,
  ): Bound<Resource | undefined> {
    const { secrets, translation } = this.from;
    if (name !== WORKLOAD_SECRET && name !== TRUST_SECRET) {
      return {
        read: () => secretResource(name, translation.secret(scope, name)),
        stop: translation.watchSecret(scope, name, (secret) => onChange(secretResource(name, secret))),
      };
    }
    const { trustDomain, client, serviceAccount } = scope;
    const identity = formatIdentity({ trustDomain, namespace: client.namespace, serviceAccount });
    return {
      stop: secrets.watch(identity, name, (secret) => onChange(secretResource(name, secret))),
      read: () => secretResource(name, secrets.get(identity, name)),
    };
  }
}

function secretResource(name: string, secret: WorkloadSecret | GatewaySecret | undefined): Resource | undefined {
  if (!secret) return undefined;
  const { version, bytes } = secret;
  return { type: TYPE_URL.SDS, name, version, bytes, aliases: [], origin: 'origin' in secret ? secret.origin : [] };
}
