import { appendFileSync } from 'node:fs';
import { createSeededRandom, type SeededRandom } from './seeded-random.js';

/** One kind of fault, provoked again and again with other choices. */
export interface Campaign {
  /** As it stands after `npm run soak -- --only`. */
  readonly name: string;
  /** How often `npm run soak` provokes it; tests do a share of that. */
  readonly rounds: number;
  /** The part that tests do; a twentieth when left out. */
  readonly testShare?: number;
  /** Rounds at the same time; one when left out. */
  readonly parallel?: number;
}

/** One go of a campaign. */
export interface Round {
  readonly index: number;
  readonly random: SeededRandom;
  /** Says what is about to be done, for the message of a failure. */
  step(what: string): void;
  /** Adds to a figure of the report. */
  count(figure: string, by?: number): void;
}

/** What a campaign came to, as one line of JSON in the file that `SOAK_FIGURES` names. */
export interface CampaignFigures {
  readonly name: string;
  readonly rounds: number;
  readonly failed: number;
  readonly seconds: number;
  readonly figures: Readonly<Record<string, number>>;
}

const TEST_SHARE = 0.05;
/** Enough to see whether failures are of one kind. */
const SHOWN_FAILURES = 5;

const { SOAK_SEED: SEED = '1', SOAK_SCALE, SOAK_ROUND, SOAK_FIGURES } = process.env;

/** How long a campaign may take, in milliseconds: the full count takes its time. */
export const CAMPAIGN_TIMEOUT_MS = SOAK_SCALE === undefined ? 180_000 : 3_600_000;

/**
 * Plays the rounds of a campaign, each with choices of its own that depend on nothing but seed, name and number.
 *
 * @throws Error that names the rounds in which a promise was broken, the steps of each, and the line that repeats it.
 */
export async function runCampaign(campaign: Campaign, play: (round: Round) => Promise<void>): Promise<void> {
  const { name, parallel = 1 } = campaign;
  const begun = performance.now();
  const figures: Record<string, number> = {};
  const failures: string[] = [];
  const chosen = chooseRounds(campaign);
  const playOne = async (index: number) => {
    const steps: string[] = [];
    const round: Round = {
      index,
      random: createSeededRandom(`${SEED}/${name}/${index}`),
      step: (what) => steps.push(what),
      count: (figure, by = 1) => {
        figures[figure] = (figures[figure] ?? 0) + by;
      },
    };
    await play(round).catch((error: unknown) => failures.push(describeFailure(name, index, steps, error)));
  };
  const queue = chosen.values();
  const work = async () => {
    for (const index of queue) await playOne(index);
  };
  await Promise.all(Array.from({ length: parallel }, work));
  const seconds = Math.round((performance.now() - begun) / 1000);
  const told: CampaignFigures = { name, rounds: chosen.length, failed: failures.length, seconds, figures };
  if (SOAK_FIGURES !== undefined) appendFileSync(SOAK_FIGURES, `${JSON.stringify(told)}\n`);
  if (failures.length === 0) return;
  const shown = failures.slice(0, SHOWN_FAILURES).join('\n');
  throw new Error(`${name}: ${failures.length} of ${chosen.length} rounds broke a promise\n${shown}`);
}

function chooseRounds({ rounds, testShare = TEST_SHARE }: Campaign): number[] {
  if (SOAK_ROUND !== undefined) return [Number(SOAK_ROUND)];
  const count = Math.max(1, Math.round(rounds * Number(SOAK_SCALE ?? testShare)));
  return Array.from({ length: count }, (_, index) => index + 1);
}

function describeFailure(name: string, index: number, steps: readonly string[], error: unknown): string {
  const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `round ${index}: ${steps.join('; ')}
${said}
repeat it with: npm run soak -- --seed ${SEED} --only ${name} --round ${index}`;
}
