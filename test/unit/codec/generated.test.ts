import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';

test('the committed descriptors are what the .proto files make', (t) => {
  t.notThrows(() =>
    execFileSync(process.execPath, [fileURLToPath(new URL('../../../scripts/proto.mjs', import.meta.url)), '--check'], { stdio: 'pipe' }),
  );
});
