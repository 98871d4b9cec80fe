/**
 * Where the power goes: right after any call, or with half of a journal line on the disk. From there on every call fails, as if nobody were
 * there to make it. Before a call is after the one before it; call 0 is a power that never came.
 */
import { type Around, Crash, type World } from './fakes.ts';

export interface Fault {
  readonly call: number;
  readonly mode: 'after' | 'torn';
}

export function* faults(calls: number): Generator<Fault> {
  for (let call = 0; call <= calls; call += 1) for (const mode of ['after', 'torn'] as const) yield { call, mode };
}

export const nameOf = (fault: Fault | undefined): string => (fault === undefined ? 'nothing' : `${fault.mode} call ${fault.call}`);

export interface Dying {
  readonly around: Around;
  calls(): number;
  /** False for a torn line where the call is none, which is like the fault after it. */
  isOwn(): boolean;
}

export function dying(world: World, fault: Fault | undefined): Dying {
  let calls = 0;
  let own = fault?.mode !== 'torn';
  let dead = fault?.call === 0;
  return {
    calls: () => calls,
    isOwn: () => own,
    async around(name, effect) {
      if (dead) throw new Crash();
      calls += 1;
      if (fault === undefined || calls !== fault.call) return effect();
      dead = true;
      const length = world.storage.content.length;
      await effect();
      const grown = world.storage.content.length - length;
      if (fault.mode === 'torn' && name === 'append' && grown > 0) {
        world.storage.content = world.storage.content.subarray(0, length + Math.floor(grown / 2));
        own = true;
      }
      throw new Crash();
    },
  };
}
