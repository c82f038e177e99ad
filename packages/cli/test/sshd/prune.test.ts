import { beforeAll, expect, test } from 'vitest';
import { askInProcess } from '../in-process.js';
import { codesOf, useLab } from '../program-lab.js';

const lab = useLab(['web1', 'web2']);
/** What the host makes of it is the question here; documents.test.ts asks the same of the real program. */
const ask = (args: readonly string[]) => askInProcess(lab.laptop, args);
const BOTH = ['-H', 'web1,web2'];
const namesOf = async () =>
  (await ask(['status', ...BOTH])).document.outcomes.map(({ apps = [] }) => apps.map(({ app }) => app));

beforeAll(async () => {
  for (const app of ['old', 'young', 'live'])
    await ask(['start', app, ...BOTH, '--settle', '100ms', '--', 'sleep', '600']);
  await ask(['stop', 'old', 'young', ...BOTH]);
  const age = `sed -i 's/[0-9]\\{10\\}/1790000000/' "$XDG_STATE_HOME"/outlast/apps/old/run.1.exit`;
  for (const host of ['web1', 'web2']) expect((await lab.host(host).run(age)).exitCode).toBe(0);
});

test('a dry run lists what would go, and nothing goes', async () => {
  const told = await ask(['prune', '--older-than', '30d', '--dry-run', ...BOTH]);
  expect(told.exitCode, told.stderr).toBe(0);
  expect(told.document.outcomes).toMatchObject(
    ['web1', 'web2'].map((host) => ({ host, ok: true, apps: [{ app: 'old', changed: false }], kept: [] })),
  );
  const { stdout } = await lab.run(['prune', '--dry-run', '-H', 'web1']);
  expect(stdout).toMatch(/^web1 +old +stopped, would be removed +stopped \(term\) by \S+ \d+d ago\n$/);
  expect(await namesOf()).toEqual([
    ['live', 'old', 'young'],
    ['live', 'old', 'young'],
  ]);
});

test('what ended long ago is forgotten on every host; the second time there is nothing', async () => {
  const { exitCode, stdout } = await lab.run(['prune', ...BOTH]);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^web1 +old +removed .*\nweb2 +old +removed .*\n$/);
  expect(await namesOf()).toEqual([
    ['live', 'young'],
    ['live', 'young'],
  ]);
  const again = await lab.run(['prune', ...BOTH]);
  expect([again.exitCode, again.stdout, again.stderr]).toEqual([0, '', 'Nothing ended that long ago.\n']);
});

test('an app whose end has no date is kept, and that is said', async () => {
  await ask(['start', 'vanished', '-H', 'web1', '--settle', '100ms', '--', 'sleep', '600']);
  await ask(['stop', 'vanished', '-H', 'web1']);
  await lab.host().run('cd "$XDG_STATE_HOME"/outlast/apps/vanished && rm run.1.exit run.1.stopped');
  const told = await ask(['prune', '--older-than', '0s', '-H', 'web1']);
  expect(codesOf(told)).toEqual(['ok']);
  expect(told.document.outcomes[0]?.kept).toEqual([{ app: 'vanished', reason: 'undated' }]);
  expect(told.stderr).toMatch(
    /web1: vanished is kept: nobody knows when it ended\. To forget it: outlast rm -F \S+ -H web1 vanished/,
  );
  expect((await namesOf())[0]).toEqual(['live', 'vanished']);
});
