/** Goes on where the rollout stopped. */
import { told } from './told.ts';

export const resume = told('resume', 'go on after a pause or a hold');
