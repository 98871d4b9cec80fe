/** The command line of the lab. Says what it does on stderr; stdout is for what was asked for. */
import { parseArgs } from 'node:util';
import { FLAVOURS, flavourOf } from './flavour.ts';
import { type Lab, openLab } from './index.ts';
import { lineProgress } from './progress.ts';
import { statusText } from './status.ts';

const USAGE = `usage: lab [--name NAME] COMMAND
  up [--flavour ${FLAVOURS.join('|')}]      raise the hosts, the cluster and Reberth; skips what is there
  down                         remove every trace
  status [--json]              hosts, Nodes, virtual addresses
  exec HOST -- COMMAND…        run a command on a host: .41 .42 .43 .44 .45 or client
  power-off HOST               pull the plug
  power-on HOST                and plug it in again
  partition HOST HOST [--one-way]   cut two hosts off from each other
  heal                         undo all cuts
  refresh                      put the present build of Reberth on the hosts`;

class Usage extends Error {}

process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(error instanceof Usage ? `${error.message}\n${USAGE}\n` : `${error.message}\n`);
  return error instanceof Usage ? 2 : 1;
});

async function main(argv: readonly string[]): Promise<number> {
  const dashes = argv.indexOf('--');
  const own = dashes === -1 ? argv : argv.slice(0, dashes);
  const rest = dashes === -1 ? [] : argv.slice(dashes + 1);
  const { values, positionals } = parse(own);
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const [command, ...words] = positionals;
  const lab = openLab({ name: values.name, ...(values.flavour === undefined ? {} : { flavour: flavourOf(values.flavour) }) });
  const progress = lineProgress((line) => process.stderr.write(`${line}\n`));
  switch (command) {
    case 'up':
      await lab.up(progress);
      return 0;
    case 'down':
      await lab.down(progress);
      return 0;
    case 'status': {
      const status = await lab.status();
      process.stdout.write(`${values.json ? JSON.stringify(status) : statusText(status)}\n`);
      return 0;
    }
    case 'exec':
      return exec(lab, one(words, 'HOST'), rest);
    case 'power-off':
      await progress.step(`pull the plug of ${one(words, 'HOST')}`, () => lab.powerOff(one(words, 'HOST')));
      return 0;
    case 'power-on':
      await progress.step(`boot ${one(words, 'HOST')}`, () => lab.powerOn(one(words, 'HOST')));
      return 0;
    case 'partition': {
      const [a, b] = words;
      if (a === undefined || b === undefined || words.length > 2) throw new Usage('partition needs two hosts');
      await lab.partition(a, b, { oneWay: values['one-way'] });
      return 0;
    }
    case 'heal':
      await lab.heal();
      return 0;
    case 'refresh':
      await lab.refresh(progress);
      return 0;
    default:
      throw new Usage(command === undefined ? 'which command?' : `there is no command ${command}`);
  }
}

function parse(args: readonly string[]) {
  const options = {
    name: { type: 'string', default: process.env['REBERTH_LAB'] ?? 'default' },
    flavour: { type: 'string' },
    json: { type: 'boolean', default: false },
    'one-way': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new Usage((error as Error).message);
  }
}

function one(words: readonly string[], what: string): string {
  const [word] = words;
  if (word === undefined || words.length > 1) throw new Usage(`this command needs one ${what}`);
  return word;
}

/** The command's own output, input and exit code, nothing else. */
async function exec(lab: Lab, host: string, argv: readonly string[]): Promise<number> {
  if (argv.length === 0) throw new Usage('exec needs -- and a command');
  const { child } = await lab.spawn(host, argv, 'inherit');
  // The terminal sends Ctrl-C to the command as well; it decides.
  process.on('SIGINT', () => undefined);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 128));
  });
}
