/** Unit files in the form that kubeasz writes: a program and its flags, one a line. */

export interface UnitParts {
  readonly description: string;
  readonly after?: readonly string[];
  readonly program: string;
  readonly flags: readonly string[];
  readonly type?: 'simple' | 'notify';
  readonly workingFolder?: string;
  readonly lines?: readonly string[];
}

export function unitFile({ description, after = [], program, flags, type = 'simple', workingFolder, lines = [] }: UnitParts): string {
  return `[Unit]
Description=${description}
After=${['network.target', ...after].join(' ')}

[Service]
Type=${type}
${workingFolder === undefined ? '' : `WorkingDirectory=${workingFolder}\n`}ExecStart=${[program, ...flags].join(' \\\n  ')}
Restart=always
RestartSec=2
LimitNOFILE=20000
${lines.map((line) => `${line}\n`).join('')}
[Install]
WantedBy=multi-user.target
`;
}
