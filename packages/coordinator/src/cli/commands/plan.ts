/** Asks the coordinator for a plan, prints it as a runbook and saves it; or prints every reason against one. Changes nothing. */
import { digest } from '@reberth/protocol/canonical.ts';
import { ReberthError } from '@reberth/protocol/errors.ts';
import { isEmptyPlan } from '@reberth/protocol/plan.ts';
import type { PlanProgress } from '../client.ts';
import { type CliContext, EXIT, type ExitCode, line } from '../context.ts';
import { writeLatestPlan, writePlanFile } from '../plan-file.ts';
import { refusalCard } from '../render/card.ts';
import { renderPlan } from '../render/plan.ts';
import { painter } from '../render/words.ts';
import { defineCommand, positiveNumber, secondsToMs } from './command.ts';

interface Options {
  readonly to: string;
  readonly strategy: string;
  readonly inventory?: string;
  readonly out?: string;
  readonly json?: boolean;
  readonly routerId?: number;
  readonly batch?: number;
  readonly soak?: number;
  readonly confirmWithin?: number;
  readonly acceptStragglers?: boolean;
  readonly narrowCertificates?: boolean;
}

export const plan = defineCommand<Options>({
  name: 'plan',
  summary: 'say what a move would do, file by file; changes nothing',
  examples: [
    'reberth plan --to 192.0.2.40',
    'reberth plan --to 192.0.2.40 --batch 1 --soak 60 --out move.json',
    'reberth plan --to 192.0.2.40 --json',
  ],
  shape: (command) =>
    command
      .requiredOption('--to <ADDRESS>', 'where the control plane is to be: ADDRESS or ADDRESS:PORT')
      .option('--strategy <NAME>', 'how to move; known: rolling', 'rolling')
      .option('--inventory <FILE>', 'the inventory on the deploy host, when it is not /etc/ansible/hosts; below /etc/ansible')
      .option('--out <FILE>', 'save the plan here too')
      .option('--router-id <NUMBER>', 'VRRP router id of the new address (default: a free one)', positiveNumber)
      .option('--batch <NUMBER>', 'nodes disturbed at once after the first', positiveNumber)
      .option('--soak <SECONDS>', 'how long the old address is watched before it is withdrawn', secondsToMs)
      .option(
        '--confirm-within <SECONDS>',
        'a step that could cut a host off is taken back by the host itself unless confirmed in this time',
        secondsToMs,
      )
      .option('--accept-stragglers', 'withdraw the old address even when outside clients still use it')
      .option('--narrow-certificates', 'take the old address out of the certificates at the end')
      .option('--json', 'print the plan itself'),
  async run(context, { options }) {
    const api = await context.api();
    const wish = {
      to: options.to,
      strategy: options.strategy,
      inventory: options.inventory ?? '',
      routerId: options.routerId ?? 0,
      batch: options.batch ?? 0,
      soakMs: options.soak ?? 0,
      confirmWithinMs: options.confirmWithin ?? 0,
      acceptStragglers: options.acceptStragglers ?? false,
      narrowCertificates: options.narrowCertificates ?? false,
    };
    for await (const progress of api.makePlan(wish)) {
      if ('note' in progress) line(context.err, progress.note);
      else if ('refused' in progress) return refuse(context, progress.refused, options);
      else return keep(context, progress, options);
    }
    throw new ReberthError('internal', 'internal error: the coordinator ended without a plan and without a reason');
  },
});

function refuse(context: CliContext, reasons: readonly string[], { json }: Options): ExitCode {
  if (json) line(context.out, JSON.stringify({ refused: { reasons } }));
  else context.err.write(refusalCard(reasons, painter(context.err.colour)));
  return EXIT.refused;
}

async function keep(context: CliContext, { plan: made, bytes }: Extract<PlanProgress, { plan: unknown }>, { json, out }: Options): Promise<ExitCode> {
  const { planFile } = context.places;
  // Also when it has a file of its own: `apply` without an argument takes the latest plan, never an older one.
  if (out !== undefined) await writePlanFile(out, bytes);
  await writeLatestPlan(planFile, bytes);
  if (json) line(context.out, bytes.toString('utf8'));
  else context.out.write(renderPlan(made, digest(JSON.parse(bytes.toString('utf8'))), painter(context.out.colour)));
  if (!json && !isEmptyPlan(made)) line(context.out, `\nsaved as ${out ?? planFile}\nnext:  reberth apply${out === undefined ? '' : ` ${out}`}`);
  return EXIT.done;
}
