/**
 * Every strategy by name. To add one: a folder with the standard shape, and its line here.
 */
import { rolling } from './rolling/strategy.ts';
import type { Strategy } from './strategy.ts';

export const strategies: readonly Strategy[] = [rolling];
