/**
 * reberth-coordinator: plans, sequences and judges; talks to operators over gRPC and to agents over NATS. Ends when a decision cannot be
 * stored or another coordinator leads: systemd starts it again, and it goes on from what is stored, or stands by.
 */
import { readFile } from 'node:fs/promises';
import { createNotify } from '@reberth/daemon/notify.ts';
import { messageOf, ReberthError } from '@reberth/protocol/errors.ts';
import { Command } from 'commander';
import { pino } from 'pino';
import { serveApi } from './api/server.ts';
import { assemble } from './assemble.ts';
import { operatorOf } from './authority/identity.ts';
import { CONFIG_FILE, parseConfig } from './config.ts';

/** A third of the unit's WatchdogSec. */
const WATCHDOG_MS = 5_000;

const program = new Command('reberth-coordinator').description(
  'Moves a running Kubernetes cluster to another control-plane address: the part that plans and decides.',
);

program
  .command('serve')
  .description('run the coordinator; under systemd: reberth-coordinator.service')
  .option('--config <file>', 'its configuration, written by reberth init', CONFIG_FILE)
  .addHelpText('after', '\nExamples:\n  reberth-coordinator serve\n  reberth-coordinator serve --config /etc/reberth/coordinator.json')
  .action(({ config }: { readonly config: string }) => serve(config));

async function serve(file: string): Promise<void> {
  const config = parseConfig(await readFile(file, 'utf8'), file);
  const log = pino({ level: config.logLevel, base: {} });
  const notify = createNotify(process.env, (error) => log.warn({ error: messageOf(error) }, 'cannot tell systemd'));
  const coordinator = await assemble(config, log, {
    storageFailed(error) {
      log.fatal({ error: messageOf(error) }, 'a decision cannot be stored; ending, so that nothing is done that is not written down');
      process.exit(1);
    },
    leadershipLost(why) {
      log.fatal({ why }, 'this coordinator leads no more; ending, to stand by from the next start on');
      process.exit(1);
    },
  });
  const { caFile, coordinator: own } = config.pki;
  const [ca, certificate, key] = await Promise.all([readFile(caFile), readFile(own.certFile), readFile(own.keyFile)]);
  const api = await serveApi(coordinator.service, {
    listen: [config.listen],
    ca,
    certificate,
    key,
    operatorOf: ({ subject }) => operatorOf(String(subject?.CN ?? '')),
  });
  log.info({ listen: config.listen, cluster: config.cluster, hosts: config.hosts.length }, 'ready');
  notify.ready(coordinator.status());
  const beat = setInterval(() => {
    notify.status(coordinator.status());
    notify.watchdog();
  }, WATCHDOG_MS);

  const stop = (signal: string): void => {
    log.info({ signal }, 'stopping');
    notify.stopping('stopping');
    clearInterval(beat);
    api
      .close()
      .then(() => coordinator.stop())
      .catch((error: unknown) => log.error({ error: messageOf(error) }, 'while stopping'))
      .finally(() => process.exit(0));
  };
  process.once('SIGTERM', () => stop('SIGTERM'));
  process.once('SIGINT', () => stop('SIGINT'));
}

program.parseAsync().catch((error: unknown) => {
  const { message, hint } = error instanceof ReberthError ? error : { message: messageOf(error), hint: '' };
  process.stderr.write(`reberth-coordinator: ${message}\n${hint === '' ? '' : `next: ${hint}\n`}`);
  process.exit(1);
});
