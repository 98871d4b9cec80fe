/** Stops before the next step; hosts are left in a known state. */
import { told } from './told.ts';

export const pause = told('pause', 'finish the steps in flight, then wait');
