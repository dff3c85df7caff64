import type { Logger } from 'pino';
import {
  ApiError,
  type ApiServer,
  FollowedList,
  type KubernetesObject,
  resourcePath,
} from '../../kubernetes-api/index.ts';

/** A webhook configuration that is ours, by its kind and name. */
export interface WebhookConfigurationRef {
  readonly kind: 'mutating' | 'validating';
  readonly name: string;
}

export interface WebhookCaBundleOptions {
  readonly configurations: readonly WebhookConfigurationRef[];
  /** PEM of each root that the webhook's certificate may come from. */
  readonly roots: () => readonly string[];
  /**
   * Are they answered now? From then on validation may not be passed by: an installation leaves it open (Ignore), so that
   * nothing is held up before there is a control plane.
   */
  readonly isServing: () => boolean;
  readonly log: Logger;
}

const RETRY_MS = 5_000;

/**
 * Keeps the `caBundle` of webhook configurations to the roots of now, so that the API server believes our webhooks after a
 * rotation too, and lets validation refuse (Fail, as Istio does) once it is served. A configuration that is not there is waited for. One leader does so at a time.
 */
export class WebhookCaBundle {
  readonly #api: ApiServer;
  readonly #options: WebhookCaBundleOptions;
  readonly #lists: readonly FollowedList[];
  readonly #known = new Map<WebhookConfigurationRef, KubernetesObject>();
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(api: ApiServer, options: WebhookCaBundleOptions) {
    this.#api = api;
    this.#options = options;
    this.#lists = options.configurations.map(
      (ref) =>
        new FollowedList(
          api,
          { ...resourceOf(ref), fieldSelector: `metadata.name=${ref.name}` },
          {
            onChange: (objects) => {
              const found = objects.get(ref.name);
              if (found) this.#known.set(ref, found);
              else this.#known.delete(ref);
              void this.#review(ref);
            },
            onFailure: (reason) => this.#warn(ref, reason),
          },
        ),
    );
  }

  start(): void {
    for (const list of this.#lists) void list.start();
  }

  /** The roots are others now, or the webhooks are served. */
  refresh(): void {
    for (const ref of this.#options.configurations) void this.#review(ref);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    await Promise.all(this.#lists.map((list) => list.stop()));
  }

  async #review(ref: WebhookConfigurationRef): Promise<void> {
    const object = this.#known.get(ref);
    const pem = this.#options.roots().join('');
    if (!object || pem === '' || this.#stopped) return;
    const enforce = ref.kind === 'validating' && this.#options.isServing();
    const patch = webhookPatch(object, { caBundle: Buffer.from(pem).toString('base64'), enforce });
    if (patch.length === 0) return;
    try {
      await this.#api.send('PATCH', resourcePath({ ...resourceOf(ref), name: ref.name }), patch, {
        query: { fieldManager: 'pelagos' },
        contentType: 'application/json-patch+json',
      });
    } catch (error) {
      if (!(error instanceof ApiError) || this.#stopped) return;
      this.#warn(ref, error.message);
      this.#retry ??= setTimeout(() => {
        this.#retry = undefined;
        this.refresh();
      }, RETRY_MS).unref();
    }
  }

  #warn({ kind, name }: WebhookConfigurationRef, reason: string): void {
    this.#options.log.warn({ kind, name, reason }, 'the caBundle of a webhook configuration cannot be kept up');
  }
}

interface Operation {
  readonly op: 'test' | 'add' | 'replace';
  readonly path: string;
  readonly value: string;
}

/** JSON Patch (RFC 6902): the test of each name keeps a list that was changed in between from being mixed up. */
export function webhookPatch(
  configuration: KubernetesObject,
  to: { readonly caBundle: string; readonly enforce: boolean },
): readonly Operation[] {
  const webhooks = (configuration['webhooks'] ?? []) as readonly {
    readonly name: string;
    readonly clientConfig?: { readonly caBundle?: string };
    readonly failurePolicy?: string;
  }[];
  return webhooks.flatMap(({ name, clientConfig, failurePolicy }, index): readonly Operation[] => {
    const at = `/webhooks/${index}`;
    const changes: Operation[] = [];
    if (clientConfig && clientConfig.caBundle !== to.caBundle)
      changes.push({ op: 'add', path: `${at}/clientConfig/caBundle`, value: to.caBundle });
    if (to.enforce && failurePolicy !== 'Fail')
      changes.push({ op: 'replace', path: `${at}/failurePolicy`, value: 'Fail' });
    return changes.length > 0 ? [{ op: 'test', path: `${at}/name`, value: name }, ...changes] : [];
  });
}

function resourceOf({ kind }: WebhookConfigurationRef): { readonly apiVersion: string; readonly resource: string } {
  return { apiVersion: 'admissionregistration.k8s.io/v1', resource: `${kind}webhookconfigurations` };
}
