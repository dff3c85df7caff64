import { type ApiServer, isNotFound, resourcePath, type ServedKind } from '../../kubernetes-api/index.ts';
import type { WatchedKind } from './watched-kinds.ts';

/** Many kinds ask at the same time; so long one answer does for all. */
const FRESH_MS = 1_000;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** Finds the version under which a cluster serves a kind (Kubernetes: API discovery). */
export class Discovery {
  readonly #api: ApiServer;
  readonly #signal: AbortSignal;
  readonly #answers = new Map<string, { readonly atMs: number; readonly names: Promise<ReadonlySet<string>> }>();

  /** @param signal ends what is being asked. */
  constructor(api: ApiServer, signal: AbortSignal) {
    this.#api = api;
    this.#signal = signal;
  }

  /** @returns undefined where the cluster has not the kind. @throws ApiError where it cannot be asked. */
  async find(kind: WatchedKind): Promise<ServedKind | undefined> {
    const { group, versions, resource } = kind;
    if (kind.builtIn) return served(group, versions[0] ?? 'v1', resource);
    const groupVersions = await this.#ask('/apis', groupVersionsOf);
    for (const version of versions) {
      if (!groupVersions.has(`${group}/${version}`)) continue;
      const resources = await this.#ask(`/apis/${group}/${version}`, resourcesOf);
      if (resources.has(resource)) return served(group, version, resource);
    }
    return undefined;
  }

  #ask(path: string, read: (answer: unknown) => readonly string[]): Promise<ReadonlySet<string>> {
    const before = this.#answers.get(path);
    if (before && Date.now() - before.atMs < FRESH_MS) return before.names;
    const names = this.#api.get<unknown>(path, { maxBytes: MAX_ANSWER_BYTES, signal: this.#signal }).then(
      (answer) => new Set(read(answer)),
      (error: unknown) => {
        if (isNotFound(error)) return new Set<string>();
        this.#answers.delete(path);
        throw error;
      },
    );
    this.#answers.set(path, { atMs: Date.now(), names });
    return names;
  }
}

function served(group: string, version: string, resource: string): ServedKind {
  const apiVersion = group === '' ? version : `${group}/${version}`;
  return { apiVersion, path: resourcePath({ apiVersion, resource }) };
}

/** APIGroupList */
function groupVersionsOf(answer: unknown): readonly string[] {
  const { groups } = answer as {
    readonly groups?: readonly { readonly versions?: readonly { readonly groupVersion: string }[] }[];
  };
  return (groups ?? []).flatMap(({ versions }) => (versions ?? []).map(({ groupVersion }) => groupVersion));
}

/** APIResourceList; a kind that cannot be watched is none for us. */
function resourcesOf(answer: unknown): readonly string[] {
  const { resources } = answer as {
    readonly resources?: readonly { readonly name: string; readonly verbs?: readonly string[] }[];
  };
  return (resources ?? []).filter(({ verbs }) => verbs?.includes('watch')).map(({ name }) => name);
}
