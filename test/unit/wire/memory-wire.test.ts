import { memoryWire } from '@reberth/coordinator/wire/memory-wire.ts';
import { hostId } from '@reberth/protocol/ids.ts';
import test from 'ava';
import { wireConformance } from './conformance.ts';

wireConformance(test, async () => {
  const wire = memoryWire();
  return {
    wire,
    hosts: [hostId('192.0.2.41'), hostId('192.0.2.42')],
    connect: async (host, agent) => {
      const connection = wire.connect(host, agent);
      return { beat: connection.beat, leave: async () => connection.disconnect() };
    },
    interrupt: async () => wire.interrupt(),
    resumeWiped: async () => wire.resume('wiped'),
  };
});
