/** Answers a stage that waits for the operator. */
import { told } from './told.ts';

export const approve = told('approve', 'let a rollout pass the point where it waits for you');
