import { expect, test } from 'vitest';
import { readCapturedReply, readReply } from '../../test/read-reply.js';
import { formatStopArguments, stop } from './stop.js';

const OPTIONS = { apps: ['stopped', 'forced', 'done', 'unknown'], by: 'deploy@laptop' };

test('each app is told with how it was stopped', () => {
  const results = stop.parse(readCapturedReply(import.meta.url, 'stop.dash-0.5.12'), OPTIONS);
  expect(results.map(({ report, changed, error }) => [report.app, changed, report.state, report.how, error])).toEqual([
    ['stopped', true, 'stopped', 'term', undefined],
    ['forced', true, 'stopped', 'kill', undefined],
    ['done', false, 'exited', 'already-stopped', undefined],
    ['unknown', false, 'unknown', null, undefined],
  ]);
});

test('what could not be stopped is told with what is left', () => {
  const detail = Buffer.from('still there after KILL: 7 8').toString('hex');
  const reply = readReply(
    `@@n BEGIN\n@@n ERROR E_STOP_FAILED web ${detail}\n@@n HOST b 100 0 2f\n@@n APP web 1\n@@n REPORTED\n@@n END 0\n`,
    'n',
  );
  const [result] = stop.parse(reply, OPTIONS);
  expect(result).toMatchObject({
    changed: false,
    error: { code: 'E_STOP_FAILED', message: expect.stringMatching(/7 8$/) },
  });
});

test('an app of which the host says nothing is not taken for stopped', () => {
  const reply = readReply('@@n BEGIN\n@@n HOST b 100 0 2f\n@@n APP web 1\n@@n REPORTED\n@@n END 0\n', 'n');
  expect(stop.parse(reply, OPTIONS)).toMatchObject([{ changed: false, error: { code: 'E_UNKNOWN_RESULT' } }]);
});

test('an answer whose report broke off is none', () => {
  const reply = readReply('@@n BEGIN\n@@n STOP web term\n@@n HOST b 100 0 2f\n@@n END 0\n', 'n');
  expect(() => stop.parse(reply, OPTIONS)).toThrow(expect.objectContaining({ code: 'E_PROTOCOL' }));
});

test.each([
  [{}, '- -'],
  [{ signal: 'INT' }, 'INT -'],
  [{ graceMs: 0 }, '- 0'],
  [{ signal: 'RTMIN+2', graceMs: 1 }, 'RTMIN+2 1'],
])('%j is passed on as %j', (options, words) => {
  expect(formatStopArguments(options)).toBe(words);
});

test('all apps are stopped at the same time', () => {
  const script = stop.build({ ...OPTIONS, signal: 'INT' }, { nonce: 'n' });
  expect(script).toMatch(
    /for name in stopped forced done unknown; do\n *\(enter_app "\$name" && halt_deploy; stop_app "\$name" INT -\) &\n *done\n *wait\n/,
  );
});
