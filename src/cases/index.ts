/**
 * The format of a mesh's tests (`case.yaml`): what is called and what must come of it.
 * Takes plain data and answers, simulated or real; gives a typed case, diagnostics, and what does not hold.
 * Must never call anything or read a file.
 */
export { type Answer, answersOfWalk, realAnswer } from './answer.ts';
export type { Caller, Case, CaseCall, CaseRequest, Want, WantedDiagnostic, WorkloadName } from './case.ts';
export { type Comparison, compareAnswers, SIMULATED_WITHIN } from './compare.ts';
export type { CaseDocument } from './field-reader.ts';
export { authorityOf, type CallLine, formatCall, parseCall } from './parse-call.ts';
export { type ParsedCase, parseCase } from './parse-case.ts';
