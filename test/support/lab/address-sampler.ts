/** Prints the addresses of this network namespace whenever they change, looked at every 20 ms: `{"atMs":…,"addresses":[…]}`. */
import { networkInterfaces } from 'node:os';

const EVERY_MS = 20;
let last = '';

setInterval(() => {
  const addresses = Object.values(networkInterfaces())
    .flatMap((found) => found ?? [])
    .map(({ address }) => address)
    .filter((address) => address.startsWith('192.0.2.'))
    .sort();
  const text = JSON.stringify(addresses);
  if (text === last) return;
  last = text;
  process.stdout.write(`${JSON.stringify({ atMs: Date.now(), addresses })}\n`);
}, EVERY_MS);
process.stdin.resume().on('close', () => process.exit(0));
