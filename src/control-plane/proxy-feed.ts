import { TYPE_URL } from '../envoy/index.ts';
import { formatIdentity, type ProxyScope, type Resource } from '../model/index.ts';
import type { WorkloadSecrets } from '../security/index.ts';
import { TRUST_SECRET, WORKLOAD_SECRET } from '../translate/index.ts';
import type { ResourceFeed, Subscription } from '../xds/index.ts';
import type { Translation } from './translation.ts';

/** What one connected proxy may ask for: its translations, its own key, and the trust bundle. Nobody else's key. */
export class ProxyFeed implements ResourceFeed {
  private readonly proxy: ProxyScope;
  private readonly translation: Translation;
  private readonly secrets: WorkloadSecrets;
  private readonly release: () => void;

  constructor(proxy: ProxyScope, from: { readonly translation: Translation; readonly secrets: WorkloadSecrets }) {
    this.proxy = proxy;
    this.translation = from.translation;
    this.secrets = from.secrets;
    this.release = this.translation.hold(proxy);
  }

  watchNames(type: string, onChange: (names: readonly string[]) => void): Subscription<readonly string[]> {
    const stop = this.translation.watchWildcard(this.proxy, type, onChange);
    return live(() => this.translation.wildcard(this.proxy, type), stop);
  }

  watch(
    type: string,
    name: string,
    onChange: (resource: Resource | undefined) => void,
  ): Subscription<Resource | undefined> {
    if (type === TYPE_URL.SDS) return this.watchSecret(name, onChange);
    const stop = this.translation.watchResource(this.proxy, { type, name }, onChange);
    return live(() => this.translation.resource(this.proxy, type, name), stop);
  }

  shareKey(type: string, name: string): string | undefined {
    return type === TYPE_URL.SDS ? undefined : this.translation.shareKey(this.proxy, type, name);
  }

  close(): void {
    this.release();
  }

  private watchSecret(
    name: string,
    onChange: (resource: Resource | undefined) => void,
  ): Subscription<Resource | undefined> {
    if (name !== WORKLOAD_SECRET && name !== TRUST_SECRET) return { current: undefined, stop: () => {} };
    const { trustDomain, client, serviceAccount } = this.proxy;
    const identity = formatIdentity({ trustDomain, namespace: client.namespace, serviceAccount });
    const resource = (
      secret: { readonly bytes: Uint8Array; readonly version: string } | undefined,
    ): Resource | undefined =>
      secret && { type: TYPE_URL.SDS, name, version: secret.version, bytes: secret.bytes, aliases: [], origin: [] };
    const stop = this.secrets.watch(identity, name, (secret) => onChange(resource(secret)));
    return live(() => resource(this.secrets.get(identity, name)), stop);
  }
}

/** Streams read `current` whenever they send, so it is what the value is then and not what it was at the start. */
function live<T>(read: () => T, stop: () => void): Subscription<T> {
  return {
    get current(): T {
      return read();
    },
    stop,
  };
}
