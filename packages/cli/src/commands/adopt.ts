import {
  type AppResult,
  adopt,
  find,
  type HostProcess,
  OutlastError,
  parseAppName,
  quoteForMessage,
} from '@outlast/core';
import type { HostSession } from '../fleet/host-session.js';
import { getLocalName } from '../fleet/local-name.js';
import { createRequestId } from '../fleet/nonce.js';
import { completeHint } from '../output/complete-hint.js';
import { CHANGED_APP_ROWS } from '../output/row-shapes.js';
import { buildFinding, changeApps } from './app-results.js';
import { FIND_TIMEOUT_MS } from './find.js';
import { addFleetFlags, type FleetFlags } from './flags.js';
import { planFleet } from './fleet-plan.js';
import { readOwnIdentity } from './own-identity.js';
import { addPatternFlags, buildPattern, type PatternFlags } from './pattern.js';
import { PREVIEW_NONCE, showPreview } from './preview.js';
import { addRowFlags } from './row-flags.js';
import type { Verb } from './verb.js';

interface AdoptFlags extends FleetFlags, PatternFlags {
  readonly pid?: number;
  readonly match?: string;
}

/** What an adoption may take besides a search: it may have to wait for a start of that name that is under way. */
const ADOPT_TIMEOUT_MS = 60_000;
/** So many candidates are listed, each so long. */
const MOST_CANDIDATES = 10;
const LONGEST_CANDIDATE = 120;

/** `outlast adopt <app> --pid N` */
export const adoptVerb: Verb = {
  configure(command) {
    command.argument('<app>', 'name that the process gets');
    command.option('--pid <pid>', 'pid on the host, as find and ps show it', parsePid);
    command.option('--match <pattern>', 'the one process whose arguments match, as find does it');
    addPatternFlags(command);
    addFleetFlags(command);
    addRowFlags(command, CHANGED_APP_ROWS);
  },
  async run(context, [name = ''], flags: AdoptFlags) {
    const app = parseAppName(name);
    const choose = buildChoice(flags);
    const plan = await planFleet(context, flags, [app]);
    if ('pid' in choose && plan.selected > 1) throw createManyHostsError(choose.pid, plan.selected);
    if (await showPreview(context, plan, buildPreview(app, flags, choose))) return 0;
    const by = getLocalName();
    const { outcomes, exit } = await changeApps(context, plan, {
      label: `adopting ${app}`,
      timeoutMs: FIND_TIMEOUT_MS + ADOPT_TIMEOUT_MS,
      work: async (session) => {
        const chosen = 'pid' in choose ? { pid: choose.pid, start: null } : await findOne(session, choose);
        const { pid, start } = chosen;
        return buildFinding([await session.run(adopt, { app, pid, start, by, request: createRequestId() })]);
      },
    });
    if (outcomes.some(({ value = [] }) => value.some(isNew)))
      context.output.note(completeHint(describeEnd(app), context.repeated));
    return exit;
  },
};

function describeEnd(app: string): string {
  return `If it ends by itself it will be shown as lost; outlast restart ${app} makes it an app as any other.`;
}

type Choice = { readonly pid: number } | { readonly pattern: RegExp; readonly text: string };

function buildChoice(flags: AdoptFlags): Choice {
  const { pid, match } = flags;
  if (pid !== undefined && match === undefined) return { pid };
  if (match !== undefined && pid === undefined) return { pattern: buildPattern(match, flags), text: match };
  const message =
    pid === undefined ? 'nothing says which process' : 'a process is said by --pid or by --match, not by both';
  throw new OutlastError('E_USAGE', message, {
    hint: 'its number with --pid N, or what its arguments match with --match',
  });
}

function buildPreview(app: string, { pid, match }: AdoptFlags, choose: Choice) {
  const what = pid === undefined ? `the process that matches ${match}` : `pid ${pid}`;
  const frame = { nonce: PREVIEW_NONCE };
  return {
    action: `adopt ${what} as ${app}`,
    // Which pid the second script is about is what the first one finds.
    buildScript: () =>
      'pid' in choose
        ? adopt.build({ app, pid: choose.pid, start: null, by: getLocalName(), request: null }, frame)
        : find.build({ pattern: choose.pattern }, frame),
  };
}

function parsePid(text: string): number {
  if (/^[1-9][0-9]{0,9}$/.test(text) && Number(text) > 1) return Number(text);
  throw new OutlastError('E_USAGE', `${quoteForMessage(text)} is not the pid of a process that can be adopted`, {
    hint: 'a whole number from 2 on; see: outlast find PATTERN',
  });
}

async function findOne(
  session: HostSession,
  { pattern, text }: { readonly pattern: RegExp; readonly text: string },
): Promise<HostProcess> {
  const client = readOwnIdentity();
  const found = await session.run(find, { pattern, ...(client === undefined ? {} : { client }) });
  const [one, ...more] = found;
  if (one === undefined) {
    throw new OutlastError('E_NO_SUCH_PROCESS', `no process on this host matches ${quoteForMessage(text)}`, {
      hint: 'look for it with: outlast find PATTERN',
    });
  }
  if (more.length === 0) return one;
  const lines = found.slice(0, MOST_CANDIDATES).map(formatCandidate);
  const rest = found.length > MOST_CANDIDATES ? [`and ${found.length - MOST_CANDIDATES} more`] : [];
  const message = `${quoteForMessage(text)} matches ${found.length} processes:`;
  throw new OutlastError('E_AMBIGUOUS_MATCH', [message, ...lines, ...rest].join('\n'), {
    hint: 'say which with --pid N, or with a pattern that only one of them matches',
  });
}

function formatCandidate({ pid, app, argv }: HostProcess): string {
  const line = argv.join(' ').replaceAll('\n', ' ');
  const cut = line.length > LONGEST_CANDIDATE ? `${line.slice(0, LONGEST_CANDIDATE)}…` : line;
  return `${pid}  ${app === null ? '' : `(app ${app}) `}${cut}`;
}

function isNew({ changed, error }: AppResult): boolean {
  return changed && error === undefined;
}

function createManyHostsError(pid: number, hosts: number): OutlastError {
  return new OutlastError('E_USAGE', `pid ${pid} is another process on each of these ${hosts} hosts`, {
    hint: 'name one host with -H, or say by --match which process is meant on each of them',
  });
}
