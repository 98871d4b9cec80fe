/**
 * A rollout followed through whatever happens to its follower: events of `reberth apply`, and, when that ends before the rollout is at rest,
 * of `reberth watch`, each event once and in order. Then the way out that `reberth status` names, taken word by word.
 */
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import { until } from '../../../lab/src/until.ts';
import type { Cluster } from './cluster.ts';

export interface StatusAnswer {
  readonly rollout: string;
  readonly state: string;
  readonly text: string;
  readonly next: string;
}

export interface Followed {
  readonly events: readonly RolloutEvent[];
  /** Runs `reberth ARGS --json` and takes the events that it prints. */
  run(...args: readonly string[]): Promise<{ readonly code: number; readonly stderr: string }>;
  /** Follows until the rollout is no longer running. */
  toRest(): Promise<StatusAnswer>;
  status(): Promise<StatusAnswer>;
}

export function followRollout({ lab }: Cluster, onEvent: (event: RolloutEvent) => void): Followed {
  const events: RolloutEvent[] = [];
  const reberth = (args: readonly string[], onLine?: (line: string) => void) =>
    lab.exec('.41', ['/usr/local/bin/reberth', ...args, '--json'], onLine === undefined ? {} : { onLine });
  const take = (line: string): void => {
    if (!line.startsWith('{') || !line.includes('"seq"')) return;
    const event = JSON.parse(line) as RolloutEvent;
    if (event.body === undefined || event.seq <= (events.at(-1)?.seq ?? 0)) return;
    events.push(event);
    onEvent(event);
  };
  const status = async (): Promise<StatusAnswer> => {
    let answer: StatusAnswer | undefined;
    // The coordinator may just be coming back.
    await until('the coordinator answers', async () => {
      const { code, stdout, stderr } = await reberth(['status']);
      if (code !== 0) return stderr.trim() || `exit code ${code}`;
      answer = JSON.parse(stdout) as StatusAnswer;
      return true;
    });
    return answer as StatusAnswer;
  };
  return {
    events,
    status,
    run: (...args) => reberth(args, take),
    async toRest() {
      for (;;) {
        const answer = await status();
        if (answer.state !== 'running') return answer;
        await reberth(['watch', answer.rollout], take);
      }
    },
  };
}
