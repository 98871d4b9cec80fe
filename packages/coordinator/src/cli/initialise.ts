/** What `reberth init` asks for, as one port: authority/initialise.ts does it, tests look at what was asked. */

export interface InitialiseOptions {
  readonly cluster: string;
  /** A real address of the coordinator host, never the virtual one. */
  readonly address: string;
  readonly hosts: readonly string[];
  /** `192.0.2.41:6443` */
  readonly masters: readonly string[];
  readonly kubeconfig: string;
  readonly caFile: string;
  readonly caKeyFile: string;
  /** /etc/reberth */
  readonly folder: string;
  /** ~/.config/reberth */
  readonly operatorFolder: string;
}

export type Initialise = (options: InitialiseOptions) => Promise<unknown>;
