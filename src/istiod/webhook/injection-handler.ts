import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InjectionSettings } from '../../proxies/index.ts';
import { type InjectionPath, parseInjectionPath, reviewInjection } from './injection-review.ts';
import { answerReview, readReview, refuseReview } from './review-request.ts';

/** The part of a logger that is used here (pino's). */
export interface WebhookLog {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
}

export interface InjectionHandlerOptions {
  /** The settings of the cluster that asks, as they are now; undefined where it is not known yet. */
  readonly settings: (path: InjectionPath) => InjectionSettings | undefined;
  readonly log: WebhookLog;
  /** Told of every answer, for metrics. */
  readonly onOutcome?: (outcome: InjectionOutcome, durationMs: number) => void;
}

export type InjectionOutcome = 'injected' | 'skipped' | 'failed';

/** Answers a request if it is one for injection. @returns whether it was. Never throws. */
export type InjectionHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * The webhook of injection, for an HTTPS server to mount. What goes wrong here is answered with an HTTP error, so that the
 * webhook's failure policy decides: a pod must not start unprotected because of us.
 */
export function createInjectionHandler(options: InjectionHandlerOptions): InjectionHandler {
  return (request, response) => {
    const path = parseInjectionPath(request.url ?? '');
    if (!path) return false;
    const startMs = performance.now();
    const done = (outcome: InjectionOutcome): void => options.onOutcome?.(outcome, performance.now() - startMs);
    answerRequest(request, response, { path, options, startMs }).then(done, (error: unknown) => {
      options.log.warn({ err: error, cluster: path.cluster }, 'injection failed');
      if (!response.headersSent) refuse(response, 500, 'Injection failed; the log of istiod says why.');
      else response.destroy();
      done('failed');
    });
    return true;
  };
}

interface Call {
  readonly path: InjectionPath;
  readonly options: InjectionHandlerOptions;
  readonly startMs: number;
}

async function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  { path, options, startMs }: Call,
): Promise<InjectionOutcome> {
  const body = await readReview(request);
  if (body.kind === 'refused') return refuse(response, body.status, body.problem);
  const settings = options.settings(path);
  if (!settings) return refuse(response, 503, `The settings of the cluster "${path.cluster}" are not known (yet).`);
  const result = reviewInjection(body.value, settings);
  if (result.kind === 'malformed') return refuse(response, 400, result.problem);
  const { outcome, pod, reason, warnings, review } = result;
  const durationMs = Math.round((performance.now() - startMs) * 10) / 10;
  const fields = { cluster: settings.cluster, pod, durationMs };
  if (outcome === 'skipped') options.log.debug({ ...fields, reason }, 'pod gets no proxy');
  else options.log.info({ ...fields, ...(warnings.length > 0 ? { warnings } : {}) }, 'pod gets its proxy');
  answerReview(response, review);
  return outcome;
}

function refuse(response: ServerResponse, status: number, problem: string): 'failed' {
  refuseReview(response, status, problem);
  return 'failed';
}
