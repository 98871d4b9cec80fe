/**
 * What facts need of a host beyond reading single files: which files there are, and which version a program says it is. Reading only.
 * Two implementations: `host/linux/survey.ts` and the fake of the tests.
 */

/** A place to look for files. `*` stands for one path component. */
export interface ScanRoot {
  readonly path: string;
  /** How many folders deep below `path`; 0 is the files right in it. */
  readonly depthMax: number;
}

export interface FileList {
  /** Regular files by their real path, sorted, each once however many links lead to it. */
  readonly files: readonly string[];
  /** What was left out and why: too large, unreadable, too many. */
  readonly skipped: readonly { readonly path: string; readonly why: string }[];
}

export interface Survey {
  /** Files at and below the roots. Absent roots are fine. Sockets, devices and links in circles are not files. */
  files(
    roots: readonly ScanRoot[],
    limits: { readonly fileBytesMax: number; readonly filesMax: number; readonly ignore: (path: string) => boolean },
  ): Promise<FileList>;
  /** Whether there is a file that can be run at this absolute path. */
  isProgram(path: string): Promise<boolean>;
  /** The program that a unit starts, by its ExecStart. */
  programOf(unit: string): Promise<string | undefined>;
  /** All that the program prints for one version argument; empty when it fails or takes too long. */
  versionText(program: string, argument: '--version' | '-v'): Promise<string>;
}
