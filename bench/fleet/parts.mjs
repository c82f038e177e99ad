// What is measured: each part gives rows of one figure of one contender, with the goals of outlast.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSeededRandom } from '../../packages/test-fixtures/dist/index.js';
import { median } from '../median.mjs';
import { measure } from './contenders.mjs';

const ROUND_TRIP_MS = 100;
const FAR_HOSTS = 64;
const STREAM_HOSTS = 8;
const STREAM_BYTES = 100e6;
const FIRST_HOSTS = 32;
const CROWDS = [100, 1_000];
const LARGE = 10_000;
const MOST_MB = 150;

export const PARTS = {
  cpu: measureCpu,
  wall: measureWall,
  memory: measureMemory,
  stream: measureStream,
  first: measureFirst,
};

/** Processor time of the client, start included; once with the key exchange that each of them would take, once with the same one. */
async function measureCpu(run) {
  const { lab, hosts } = run;
  const read = ({ cpu }) => (cpu * 1000) / hosts;
  const what = `client CPU a host, ms (${hosts} hosts)`;
  const goals = { clush: 0.25 };
  return [
    ...measureInTurn(run, { what, read, goals, fleet: lab.buildFleet(hosts) }),
    ...measureInTurn(run, { what: `${what}, curve25519`, read, fleet: lab.buildFleet(hosts, { kex: true }) }),
  ];
}

async function measureWall(run) {
  const { lab } = run;
  const fleet = lab.buildFleet(FAR_HOSTS, { isFar: true });
  // The hosts are met once, as whoever uses them every day has.
  measure(run.contenders[0], fleet, ['true']);
  await lab.setRoundTrip(ROUND_TRIP_MS);
  const what = `wall at ${ROUND_TRIP_MS} ms round trip, s (${FAR_HOSTS} hosts, 32 at a time)`;
  const rows = measureInTurn(run, { what, read: ({ wall }) => wall, goals: { clush: 0.45 }, fleet });
  await lab.setRoundTrip(0);
  return rows;
}

/** Of the others only at the smallest number: they start a process a host, and have as many as there are at a time. */
async function measureMemory({ lab, contenders, large }) {
  const [smallest] = CROWDS;
  const read = (contender, count) => {
    const { treeKb, rssKb } = measure(contender, lab.buildFleet(count), ['true'], { tree: true });
    // Of a program that is run elsewhere too, as Node is right here, a part of the memory counts for others.
    return Math.max(treeKb, rssKb) / 1024;
  };
  const rows = contenders.map((contender) => ({
    ...{ what: `peak memory of all processes, MB (${smallest} hosts)`, name: contender.name },
    ...{ value: read(contender, smallest), goals: {} },
  }));
  for (const count of [...CROWDS.slice(1), ...(large ? [LARGE] : [])]) {
    const value = read(contenders[0], count);
    rows.push({ what: `peak memory, MB (${count} hosts)`, name: 'outlast', value, goals: {}, most: MOST_MB });
  }
  return addRatios(rows);
}

async function measureStream(run) {
  const { lab, contenders, seed } = run;
  const file = join(lab.folder, 'lines');
  writeFileSync(file, buildLines(seed, STREAM_BYTES / STREAM_HOSTS));
  const what = `${STREAM_BYTES / 1e6} MB of lines from ${STREAM_HOSTS} hosts with prefixes, s`;
  return measureInTurn(
    { ...run, contenders: contenders.filter(({ streams }) => streams) },
    {
      ...{ what, read: ({ wall }) => wall, goals: { clush: 0.07, pdsh: 0.4 }, words: ['cat', file] },
      fleet: lab.buildFleet(STREAM_HOSTS),
    },
  );
}

async function measureFirst(run) {
  const what = `first output, s (${FIRST_HOSTS} hosts)`;
  const words = ['echo', 'hello'];
  return measureInTurn(run, { what, read: ({ first }) => first, words, fleet: run.lab.buildFleet(FIRST_HOSTS) });
}

/** All contenders once a round, in an order drawn anew each time, and the slowest in the first round alone; the medians. */
function measureInTurn({ contenders, rounds, seed }, { what, read, fleet, goals = {}, words = ['true'] }) {
  const random = createSeededRandom(seed);
  const values = new Map(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const asked = contenders.filter(({ once }) => round === 0 || !once);
    const order = asked.map((contender) => ({ contender, place: random.next() }));
    for (const { contender } of order.toSorted((a, b) => a.place - b.place)) {
      values.get(contender.name).push(read(measure(contender, fleet, words)));
    }
  }
  const rows = contenders.map(({ name }) => ({ what, name, value: median(values.get(name)), goals }));
  return addRatios(rows);
}

/** What outlast takes of what each of the others takes. */
function addRatios(rows) {
  return rows.map((row) => {
    const ours = rows.find(({ name, what }) => name === 'outlast' && what === row.what);
    if (row === ours || ours === undefined) return row;
    return { ...row, ratio: ours.value / row.value, goal: row.goals[row.name] };
  });
}

/** Lines of 100 bytes on the average, of words as a log has them. */
function buildLines(seed, bytes) {
  const random = createSeededRandom(seed);
  const lines = [];
  for (let length = 0; length < 1e6; ) {
    const line = `${'GET /status 200 of a request that took its time '.repeat(5).slice(0, 50 + random.integer(0, 99))}\n`;
    length += line.length;
    lines.push(line);
  }
  const text = lines.join('');
  return text
    .repeat(Math.ceil(bytes / text.length))
    .slice(0, bytes - 1)
    .concat('\n');
}
