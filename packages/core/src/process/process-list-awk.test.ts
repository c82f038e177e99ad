import { spawnSync } from 'node:child_process';
import { describe, expect, type TestContext, test } from 'vitest';
import { findProgram } from '../../test/embedded/shells.js';
import { readCapture } from '../../test/read-reply.js';
import { decodeUtf8 } from '../wire/bytes.js';
import { PROCESS_LIST_AWK } from './process-list-awk.js';

const AWKS = [
  ['mawk', []],
  ['busybox', ['awk']],
] as const;

const PRINT =
  '{ pid = READ($0); print pid, parent[pid], group[pid], session[pid], state[pid], start[pid], ticks[pid], resident[pid] }';

function read(ctx: TestContext, awk: readonly [string, readonly string[]], reader: string, input: string): string[] {
  const program = findProgram(awk[0]) ?? ctx.skip(`${awk[0]} is not installed`);
  const text = `${PROCESS_LIST_AWK}\n${PRINT.replace('READ', reader)}`;
  const { stdout, stderr } = spawnSync(program, [...awk[1], '-v', 'hz=100', text], { input, encoding: 'utf8' });
  if (stderr !== '') throw new Error(stderr);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd());
}

describe.each(AWKS)('with %s', (...awk) => {
  test('the lines of procps are read', (ctx) => {
    const lines = read(ctx, awk, 'read_ps', decodeUtf8(readCapture(import.meta.url, 'ps.procps-4.0.2')));
    expect(lines[0]).toBe('1 0 0 0 S lWed_Nov_25_03:53:51_2026 3800 18880');
    expect(lines.at(-1)).toBe('4408 4381 4408 4408 S lWed_Nov_25_04:27:19_2026 1700 45456');
  });

  // macOS and the BSDs print hundredths of a second after minutes, and letters behind the state.
  test.for([
    [
      '  501     1   501 Ss   Mon Nov 23 02:27:10 2026       0:01.25   8192',
      '501 1 501 501 S lMon_Nov_23_02:27:10_2026 125 8192',
    ],
    ['77 1 77 R+ Sun Mar  1 23:00:09 2026 12:34.00 100', '77 1 77 77 R lSun_Mar_1_23:00:09_2026 75400 100'],
    ['9 1 9 Z Sun Mar  1 23:00:09 2026 1-02:03:04 0', '9 1 9 9 Z lSun_Mar_1_23:00:09_2026 9378400 0'],
    ['9 1 9 S Sun Mar 1', '0'],
  ])('the line %j of a ps in BSD form is read', ([line, expected], ctx) => {
    expect(read(ctx, awk, 'read_ps', `${line}\n`)).toEqual([expected]);
  });

  test('a name may hold what ends a name', (ctx) => {
    const stat = '42 (a) R 1 (b) ) S 7 8 9 0 -1 1 2 3 4 5 60 40 0 0 20 0 1 0 4711 123456 321 0 0\n';
    expect(read(ctx, awk, 'read_stat', stat)).toEqual(['42 7 8 9 S 4711 100 321']);
  });
});
