/** Every command, in the order of the help. */
import { abort } from './abort.ts';
import { apply } from './apply.ts';
import { approve } from './approve.ts';
import type { CliCommand } from './command.ts';
import { completion } from './completion.ts';
import { doctor } from './doctor.ts';
import { events } from './events.ts';
import { facts } from './facts.ts';
import { health } from './health.ts';
import { hosts } from './hosts.ts';
import { init } from './init.ts';
import { pause } from './pause.ts';
import { plan } from './plan.ts';
import { report } from './report.ts';
import { resume } from './resume.ts';
import { status } from './status.ts';
import { undo } from './undo.ts';
import { watch } from './watch.ts';

export const commands: readonly CliCommand[] = [
  init,
  doctor,
  hosts,
  facts,
  plan,
  apply,
  watch,
  status,
  pause,
  resume,
  approve,
  abort,
  undo,
  report,
  events,
  health,
  completion,
];
