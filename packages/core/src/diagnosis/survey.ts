/** An answer to a yes-or-no question; `unknown` where the host could not tell. */
export type Answer = 'yes' | 'no' | 'unknown';

/** What a look at a host found; null is what could not be seen. */
export interface Survey {
  /** What was printed before our script began, at most its first 4096 bytes. */
  readonly preamble: string;
  /** Something ate the first line of the script. */
  readonly firstLineEaten: boolean;
  readonly user: { readonly id: number | null; readonly name: string | null };
  readonly shell: {
    /** The program that runs our scripts. */
    readonly program: string | null;
    readonly version: string | null;
    /** Is it /bin/sh. */
    readonly isSh: Answer;
    readonly login: string | null;
  };
  readonly missingTools: readonly string[];
  /** How setsid can be used: with `-f`, without, or not at all. */
  readonly setsid: 'fork' | 'plain' | 'none';
  readonly fractionalSleep: boolean;
  readonly proc: {
    readonly own: boolean;
    /** A process can be told from every other, by `/proc` or by the start time that ps tells. */
    readonly identified: boolean;
    readonly others: boolean;
    readonly bootId: boolean;
    readonly ports: boolean;
  };
  /** Seconds since the epoch. */
  readonly epoch: number | null;
  readonly logout: { readonly kills: Answer; readonly linger: Answer; readonly userManager: boolean };
  readonly state: StateSurvey;
  readonly disk: {
    readonly type: string | null;
    readonly readOnly: boolean;
    readonly noExec: boolean;
    readonly freeKilobytes: number | null;
    /** Null also where the file system does not count them. */
    readonly freeInodes: number | null;
  };
  readonly server: { readonly maxSessions: number | null; readonly maxStartups: string | null };
  readonly limits: {
    /** Infinity where there is no limit. */
    readonly openFiles: number | null;
    readonly processes: number | null;
    readonly ownProcesses: number | null;
  };
  readonly init: { readonly name: string | null; readonly container: boolean; readonly reaps: Answer };
  readonly memory: {
    readonly totalBytes: number | null;
    readonly availableBytes: number | null;
    /** The smallest limit of a control group. */
    readonly limitBytes: number | null;
  };
}

/** The state folder, and the deepest folder on the way to it that is there. */
export interface StateSurvey {
  readonly path: string | null;
  readonly exists: boolean;
  /** As `ls -l` has it. */
  readonly mode: string | null;
  readonly owner: number | null;
  /** Why every verb refuses it; null when none does. */
  readonly refusal: string | null;
  readonly place: string | null;
  readonly placeIsFolder: boolean;
  /** `full` where permissions would allow it. */
  readonly written: 'yes' | 'no' | 'full' | null;
  readonly linked: 'yes' | 'no' | null;
}
