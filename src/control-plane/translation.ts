import { type Query, structuralEqual, type Table } from '../graph/index.ts';
import type { Mesh } from '../mesh/index.ts';
import type { ProxyScope, Resource } from '../model/index.ts';
import { type Asked, scopeKey, translate, wildcardNames } from '../translate/index.ts';
import { type GatewaySecret, gatewaySecret } from './gateway-secret.ts';

const SEPARATOR = '\u0000';

/** Translation as live queries: what is equal for many proxies is computed once, and again only when what it read changes. */
export class Translation {
  private readonly mesh: Mesh;
  /** The scopes that somebody is connected with, by the key of the proxy and by that of its client side. */
  private readonly scopes: Table<ProxyScope>;
  private readonly holders = new Map<string, number>();
  private readonly resources: Query<Resource | undefined>;
  private readonly names: Query<readonly string[]>;
  private readonly secrets: Query<GatewaySecret | undefined>;

  constructor(mesh: Mesh) {
    this.mesh = mesh;
    this.scopes = mesh.graph.table<ProxyScope>('scopes', { equal: () => true });
    this.resources = mesh.graph.query('resource', (key) => this.compute(key), { equal: isSame });
    this.names = mesh.graph.query('wildcard', (key) => this.computeNames(key), { equal: structuralEqual });
    this.secrets = mesh.graph.query('gateway secret', (key) => this.computeSecret(key), { equal: isSame });
  }

  /** Makes a scope known while its proxy is connected. @returns the way to let go of it. */
  hold(proxy: ProxyScope): () => void {
    const keys = [proxy.key, proxy.client.key];
    this.mesh.graph.batch(() => {
      for (const key of keys) {
        this.holders.set(key, (this.holders.get(key) ?? 0) + 1);
        this.scopes.set(key, proxy);
      }
    });
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.mesh.graph.batch(() => {
        for (const key of keys) this.letGo(key);
      });
    };
  }

  private letGo(key: string): void {
    const left = (this.holders.get(key) ?? 0) - 1;
    if (left > 0) {
      this.holders.set(key, left);
      return;
    }
    this.holders.delete(key);
    this.scopes.delete(key);
  }

  /** Equal for proxies that get the same resource. */
  shareKey(proxy: ProxyScope, type: string, name: string): string {
    return [type, scopeKey(proxy, { type, name }), name].join(SEPARATOR);
  }

  /** undefined where there is no such resource, and for a proxy that nobody holds. */
  resource(proxy: ProxyScope, type: string, name: string): Resource | undefined {
    return this.resources.get(this.shareKey(proxy, type, name));
  }

  watchResource(proxy: ProxyScope, asked: Asked, onChange: (resource: Resource | undefined) => void): () => void {
    return this.mesh.graph.watch(this.resources, this.shareKey(proxy, asked.type, asked.name), onChange);
  }

  wildcard(proxy: ProxyScope, type: string): readonly string[] {
    return this.names.get([type, proxy.key].join(SEPARATOR));
  }

  watchWildcard(proxy: ProxyScope, type: string, onChange: (names: readonly string[]) => void): () => void {
    return this.mesh.graph.watch(this.names, [type, proxy.key].join(SEPARATOR), onChange);
  }

  /** A Secret that the proxy's Gateway objects name. */
  secret(proxy: ProxyScope, name: string): GatewaySecret | undefined {
    return this.secrets.get([proxy.key, name].join(SEPARATOR));
  }

  watchSecret(proxy: ProxyScope, name: string, onChange: (secret: GatewaySecret | undefined) => void): () => void {
    return this.mesh.graph.watch(this.secrets, [proxy.key, name].join(SEPARATOR), onChange);
  }

  private compute(key: string): Resource | undefined {
    const [type = '', scope = '', name = ''] = key.split(SEPARATOR);
    const proxy = this.scopes.get(scope);
    return proxy && translate(this.mesh, proxy, { type, name });
  }

  private computeNames(key: string): readonly string[] {
    const [type = '', scope = ''] = key.split(SEPARATOR);
    const proxy = this.scopes.get(scope);
    return proxy ? wildcardNames(this.mesh, proxy, type) : [];
  }

  private computeSecret(key: string): GatewaySecret | undefined {
    const [scope = '', name = ''] = key.split(SEPARATOR);
    const proxy = this.scopes.get(scope);
    return proxy && gatewaySecret(this.mesh, proxy, name);
  }
}

type Versioned = Pick<Resource, 'version' | 'origin'>;

/** Equal versions are equal bytes; where a resource comes from may change all the same. */
function isSame(a: Versioned | undefined, b: Versioned | undefined): boolean {
  return (
    a === b || (a !== undefined && b !== undefined && a.version === b.version && structuralEqual(a.origin, b.origin))
  );
}
