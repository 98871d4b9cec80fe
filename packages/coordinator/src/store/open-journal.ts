/** The journal of decisions that the configuration wants: files on this machine, or replicated with a lease beside it. */
import type { DoctorFinding } from '../api/service.ts';
import type { CoordinatorConfig } from '../config.ts';
import type { LeasePort } from '../leadership/lease.ts';
import { fileStore } from './file-store.ts';
import { type JetstreamOptions, jetstreamJournal, replicasFor } from './jetstream-store.ts';
import { journalFindings } from './journal-findings.ts';
import type { Store } from './store.ts';

export interface OpenJournal {
  readonly store: Store;
  /** With a replicated journal only. */
  readonly lease: LeasePort | undefined;
  doctor(): readonly DoctorFinding[];
}

export async function openJournal(config: CoordinatorConfig, log: JetstreamOptions['log']): Promise<OpenJournal> {
  if (config.store === 'file') return { store: await fileStore(config.stateFolder), lease: undefined, doctor: () => [] };
  const { cluster, servers, pki } = config;
  const { store, lease, serverVersion } = jetstreamJournal({ cluster, servers, caFile: pki.caFile, ...pki.coordinator, log });
  return { store, lease, doctor: () => journalFindings(replicasFor(servers), serverVersion()) };
}
