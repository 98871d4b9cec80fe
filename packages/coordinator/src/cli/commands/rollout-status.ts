/** Where a rollout stands, as several commands end with it: for people a card, for programs the answer itself. */
import type { StatusAnswer } from '../client.ts';
import { type CliContext, line } from '../context.ts';
import { statusCard } from '../render/card.ts';
import { painter } from '../render/words.ts';

export async function printStatus(context: CliContext, rollout: string): Promise<void> {
  showStatus(context, await (await context.api()).status(rollout), false);
}

export function showStatus({ out }: CliContext, answer: StatusAnswer, json: boolean): void {
  if (json) line(out, JSON.stringify(answer));
  else out.write(statusCard(answer, painter(out.colour)));
}
