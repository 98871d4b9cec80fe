/** Every method that the API answers, by hand. A method of coordinator.proto that is not here answers UNIMPLEMENTED. */
import { apply } from './apply.ts';
import { abort, approve, pause, resume, status, undo } from './commands.ts';
import { doctor, facts, hosts, report } from './documents.ts';
import { health } from './health.ts';
import { makePlan } from './make-plan.ts';
import { watch } from './watch.ts';

export const methods = [makePlan, apply, watch, status, pause, resume, abort, undo, approve, report, hosts, facts, doctor, health] as const;
