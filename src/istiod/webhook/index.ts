export {
  createInjectionHandler,
  type InjectionHandler,
  type InjectionHandlerOptions,
  type InjectionOutcome,
  type WebhookLog,
} from './injection-handler.ts';
export { type AdmissionReview, type InjectionPath, parseInjectionPath, reviewInjection } from './injection-review.ts';
export {
  createValidationHandler,
  type ValidationHandlerOptions,
  type ValidationOutcome,
} from './validation-handler.ts';
export { reviewValidation, type ValidationResult, type ValidationReview } from './validation-review.ts';
