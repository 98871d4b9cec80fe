/** Listeners of one kind. One that throws is logged and does not keep the others from hearing. */
import { messageOf } from '@reberth/protocol/errors.ts';

export interface WireLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface Handlers<Args extends readonly unknown[]> {
  add(handler: (...args: Args) => void): void;
  tell(...args: Args): void;
}

export function handlers<Args extends readonly unknown[]>(log: Pick<WireLog, 'error'>): Handlers<Args> {
  const list: ((...args: Args) => void)[] = [];
  return {
    add: (handler) => void list.push(handler),
    tell(...args) {
      for (const handler of list) {
        try {
          handler(...args);
        } catch (error) {
          log.error({ why: messageOf(error) }, 'internal error: a listener on the wire failed');
        }
      }
    },
  };
}
