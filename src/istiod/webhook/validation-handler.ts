import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClusterId } from '../../model/index.ts';
import type { WebhookLog } from './injection-handler.ts';
import { answerReview, readReview, refuseReview } from './review-request.ts';
import { reviewValidation } from './validation-review.ts';

export interface ValidationHandlerOptions {
  /** Whose objects they are, for messages. */
  readonly cluster: ClusterId;
  readonly log: WebhookLog;
  /** Told of every answer, for metrics. */
  readonly onOutcome?: (outcome: ValidationOutcome) => void;
}

export type ValidationOutcome = 'allowed' | 'refused' | 'failed';

/** The webhook at `/validate`, for an HTTPS server to mount. @returns whether a request was one of its own. Never throws. */
export function createValidationHandler(
  options: ValidationHandlerOptions,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    if ((request.url ?? '').split('?')[0] !== '/validate') return false;
    answerRequest(request, response, options).then(options.onOutcome, (error: unknown) => {
      options.log.warn({ err: error }, 'validation failed');
      if (!response.headersSent) refuseReview(response, 500, 'Validation failed; the log of istiod says why.');
      else response.destroy();
      options.onOutcome?.('failed');
    });
    return true;
  };
}

async function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  { cluster, log }: ValidationHandlerOptions,
): Promise<ValidationOutcome> {
  const body = await readReview(request);
  if (body.kind === 'refused') {
    refuseReview(response, body.status, body.problem);
    return 'failed';
  }
  const result = reviewValidation(body.value, cluster);
  if (result.kind === 'malformed') {
    refuseReview(response, 400, result.problem);
    return 'failed';
  }
  const { object, refusedBy } = result;
  if (refusedBy.length > 0) log.info({ object, codes: refusedBy }, 'an object is refused');
  answerReview(response, result.review);
  return refusedBy.length > 0 ? 'refused' : 'allowed';
}
