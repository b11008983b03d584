import { CARRIER_QUESTIONS } from './carriers.ts';
import { DECIDE_QUESTIONS } from './decisions.ts';
import { PICK_QUESTIONS } from './picks.ts';
import type { Question } from './probe.ts';

/** All questions of the suites that measure calls. */
export const QUESTIONS: readonly Question[] = [...DECIDE_QUESTIONS, ...PICK_QUESTIONS, ...CARRIER_QUESTIONS];
