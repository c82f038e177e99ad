import type { ToldApp, ToldOutcome } from '../document-schema.js';

/** One host of a document, with what the verbs put there. */
export interface Answered extends ToldOutcome {
  readonly processes?: readonly {
    readonly pid: number;
    readonly argv: readonly string[];
    readonly app: string | null;
  }[];
  readonly lines?: readonly { readonly line: string }[];
  readonly stdout?: string;
}

/** The document of a verb, with what else the program gave. */
export interface Answer {
  readonly ok: boolean;
  readonly outcomes: readonly Answered[];
  readonly exitCode: number | null;
  readonly stderr: string;
}

/** The lines of the log that the only host gave. */
export function readLines({ outcomes }: Answer): string[] {
  return (outcomes[0]?.lines ?? []).map(({ line }) => line);
}

/** The only app of each host, in the order of the hosts. */
export function readApps({ outcomes, stderr }: Answer): ToldApp[] {
  return outcomes.map(({ apps = [] }) => {
    const [app] = apps;
    if (app === undefined || apps.length > 1) throw new Error(`not one app: ${JSON.stringify(outcomes)} ${stderr}`);
    return app;
  });
}

/** The only app of the only host. */
export function readApp(answer: Answer): ToldApp {
  const [app] = readApps(answer);
  if (app === undefined || answer.outcomes.length > 1) throw new Error(`not one host: ${JSON.stringify(answer)}`);
  return app;
}

/** The live pid of an app. */
export function readPid({ pid, state }: ToldApp): number {
  if (pid === null) throw new Error(`no pid: ${state}`);
  return pid;
}
