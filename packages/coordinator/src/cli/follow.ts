/**
 * Follows a rollout from an event on until it ends, is held, or the operator leaves: a tree on a terminal, lines in a pipe, NDJSON on
 * request. The rollout never depends on its follower: a lost coordinator is called again for a while, from the last event seen.
 */
import { messageOf, ReberthError } from '@reberth/protocol/errors.ts';
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import type { CoordinatorApi } from './client.ts';
import { type CliContext, EXIT, type ExitCode, line } from './context.ts';
import { eventLine } from './render/lines.ts';
import { advance, nothingYet, type Progress } from './render/progress.ts';
import { renderTree } from './render/tree.ts';
import { painter } from './render/words.ts';

export interface Following {
  readonly rollout: string;
  readonly json: boolean;
  /** What is known and was shown already. */
  readonly from: Progress;
  /** What the first ctrl-C means: `pause` asks for a pause and stays until no step is in flight; `leave` leaves. A second one always leaves. */
  readonly interrupt: 'pause' | 'leave';
}

/** How long a coordinator may be away (a restart, an update of the host) before the follower gives up. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 1_000;
const REDRAW_MS = 200;

export async function follow(context: CliContext, following: Following): Promise<Progress> {
  const leave = new AbortController();
  const viewer = view(context, following);
  let progress = following.from;
  let pausing = false;
  const release = context.onInterrupt(() => {
    if (pausing || following.interrupt === 'leave') return leave.abort();
    pausing = true;
    viewer.tell('pausing: steps in flight are finished first; ctrl-C again leaves the rollout as it is');
    return void askPause(context, following.rollout, viewer.tell);
  });
  try {
    for await (const event of patiently(context, following.rollout, { known: () => progress, tell: viewer.tell, signal: leave.signal })) {
      progress = advance(progress, event);
      viewer.show(event, progress);
      if (pausing && isPausedAndStill(progress)) leave.abort();
    }
  } finally {
    release();
    viewer.close();
  }
  return progress;
}

/** All that is stored of a rollout, without waiting for more. */
export async function replay(api: CoordinatorApi, rollout: string): Promise<Progress> {
  let progress = nothingYet;
  for await (const event of api.watch(rollout, 0, false)) progress = advance(progress, event);
  return progress;
}

/** `wanted`: the outcome that the operator asked for; an undo that rolls back is a success. */
export function exitOf({ ended, standing }: Progress, wanted: 'done' | 'rolled-back'): ExitCode {
  if (ended !== undefined) return ended.outcome === wanted ? EXIT.done : EXIT.failed;
  return standing.is === 'running' ? EXIT.done : EXIT.held;
}

async function askPause(context: CliContext, rollout: string, tell: (text: string) => void): Promise<void> {
  try {
    await (await context.api()).command('pause', rollout);
  } catch (error) {
    tell(`${messageOf(error)}; it is not paused: reberth pause ${rollout}`);
  }
}

const isPausedAndStill = ({ standing, steps }: Progress): boolean =>
  standing.is === 'paused' && [...steps.values()].every(({ mark }) => mark !== 'doing');

const isAtRest = ({ ended, standing }: Progress): boolean => ended !== undefined || standing.is !== 'running';

/** Events after what is known. A stream that breaks, or ends while the rollout still runs, is asked for again. */
async function* patiently(
  context: CliContext,
  rollout: string,
  { known, tell, signal }: { known(): Progress; tell(text: string): void; readonly signal: AbortSignal },
): AsyncGenerator<RolloutEvent> {
  const api = await context.api();
  let lastHeardMs = context.nowMs();
  for (let lost = false; !signal.aborted; lost = true) {
    try {
      for await (const event of api.watch(rollout, known().lastSeq, true, signal)) {
        lastHeardMs = context.nowMs();
        if (lost) tell('');
        lost = false;
        yield event;
      }
      if (isAtRest(known())) return;
    } catch (error) {
      if (!(error instanceof ReberthError) || error.code !== 'coordinator-unreachable' || context.nowMs() - lastHeardMs > PATIENCE_MS) throw error;
      if (!lost) tell('lost the coordinator; trying again for a minute (the hosts and their journals do not depend on this)');
    }
    await context.sleep(RETRY_MS, signal);
  }
}

interface View {
  show(event: RolloutEvent, progress: Progress): void;
  /** A remark of the follower itself; an empty one takes the last away where that can be done. */
  tell(text: string): void;
  close(): void;
}

function view(context: CliContext, { json, from }: Following): View {
  return !json && context.out.isTerminal ? drawn(context, from) : written(context, json);
}

function written({ out, err }: CliContext, json: boolean): View {
  return {
    show(event, { plan }) {
      const text = json ? JSON.stringify(event) : eventLine(event, plan);
      if (text !== undefined) line(out, text);
    },
    tell: (text) => void (text !== '' && line(err, text)),
    close: () => undefined,
  };
}

/** Remarks belong into the picture: a line written beside it would push it out of its place. */
function drawn({ out, picture, nowMs }: CliContext, from: Progress): View {
  let latest = from;
  let remark = '';
  const draw = () => {
    const tree = renderTree(latest, nowMs(), painter(out.colour), out.columns);
    picture.draw(remark === '' ? tree : `${tree}\n\n${remark}`);
  };
  // Between events only the clocks of the tree move.
  const ticking = setInterval(draw, REDRAW_MS);
  return {
    show(_event, progress) {
      latest = progress;
      draw();
    },
    tell(text) {
      remark = text;
      draw();
    },
    close() {
      clearInterval(ticking);
      remark = '';
      draw();
      picture.done();
    },
  };
}
