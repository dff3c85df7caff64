import type { Query } from '../graph/index.ts';
import { structuralEqual } from '../graph/index.ts';
import type { Mesh } from '../mesh/index.ts';
import type { ProxyScope, Resource } from '../model/index.ts';
import { scopeKey, translate, wildcardNames } from '../translate/index.ts';

/** A scope that somebody is connected with, and how many are. */
interface HeldScope {
  readonly proxy: ProxyScope;
  holders: number;
}

const SEPARATOR = '\u0000';

/** Translation as live queries: what is equal for many proxies is computed once, and again only when what it read changes. */
export class Translation {
  private readonly mesh: Mesh;
  private readonly scopes = new Map<string, HeldScope>();
  private readonly resources: Query<Resource | undefined>;
  private readonly names: Query<readonly string[]>;

  constructor(mesh: Mesh) {
    this.mesh = mesh;
    this.resources = mesh.graph.query('resource', (key) => this.compute(key), {
      equal: (a, b) =>
        a === b ||
        (a !== undefined && b !== undefined && a.version === b.version && structuralEqual(a.origin, b.origin)),
    });
    this.names = mesh.graph.query('wildcard', (key) => this.computeNames(key), { equal: structuralEqual });
  }

  /** Makes a scope known while its proxy is connected. @returns the way to let go of it. */
  hold(proxy: ProxyScope): () => void {
    const keys = [proxy.key, proxy.client.key];
    for (const key of keys) {
      const held = this.scopes.get(key) ?? { proxy, holders: 0 };
      held.holders += 1;
      this.scopes.set(key, held);
    }
    return () => {
      for (const key of keys) {
        const held = this.scopes.get(key);
        if (held && --held.holders === 0) this.scopes.delete(key);
      }
    };
  }

  /** Equal for proxies that get the same resource. */
  shareKey(proxy: ProxyScope, type: string, name: string): string {
    return [type, scopeKey(proxy, { type, name }), name].join(SEPARATOR);
  }

  resource(proxy: ProxyScope, type: string, name: string): Resource | undefined {
    return this.resources.get(this.shareKey(proxy, type, name));
  }

  watchResource(
    proxy: ProxyScope,
    asked: { readonly type: string; readonly name: string },
    onChange: (resource: Resource | undefined) => void,
  ): () => void {
    return this.mesh.graph.watch(this.resources, this.shareKey(proxy, asked.type, asked.name), onChange);
  }

  wildcard(proxy: ProxyScope, type: string): readonly string[] {
    return this.names.get([type, proxy.key].join(SEPARATOR));
  }

  watchWildcard(proxy: ProxyScope, type: string, onChange: (names: readonly string[]) => void): () => void {
    return this.mesh.graph.watch(this.names, [type, proxy.key].join(SEPARATOR), onChange);
  }

  private compute(key: string): Resource | undefined {
    const [type = '', scope = '', name = ''] = key.split(SEPARATOR);
    const held = this.scopes.get(scope);
    return held && translate(this.mesh, held.proxy, { type, name });
  }

  private computeNames(key: string): readonly string[] {
    const [type = '', scope = ''] = key.split(SEPARATOR);
    const held = this.scopes.get(scope);
    return held ? wildcardNames(this.mesh, held.proxy, type) : [];
  }
}
