import { OutlastError } from '@outlast/core';
import { expect, test } from 'vitest';
import { createLoginNotice } from './login-notice.js';

const refused = new OutlastError('E_AUTH', 'web1 did not let me in', { host: 'web1', hint: 'check' });

test('what a host says explains why it lets nobody in, in one line that no terminal obeys', () => {
  const notice = createLoginNotice();
  notice.note('*** Authorized use only ***\r\n');
  notice.note('\u001b[31mDown for "maintenance"\u202e\n');
  const { code, message, details } = notice.addTo(refused) as OutlastError;
  expect(message).toBe('web1 did not let me in, saying "*** Authorized use only *** [31mDown for \\"maintenance\\""');
  expect({ code, details }).toEqual({ code: refused.code, details: refused.details });
});

test('of a host that says much the last is kept', () => {
  const notice = createLoginNotice();
  for (let at = 0; at < 1_000; at++) notice.note(`${'x'.repeat(1_000)}\n`);
  notice.note('gone until noon\n');
  const { message } = notice.addTo(refused);
  expect(message).toMatch(/xxx gone until noon"$/);
  expect(message.length).toBeLessThan(400);
});

test.each([
  ['nothing was said', '', refused],
  ['only white space was said', ' \n', refused],
  ['the host key is another', 'welcome', new OutlastError('E_HOST_KEY_CHANGED', 'another key')],
  ['the time is over', 'welcome', new OutlastError('E_CONNECT_TIMEOUT', 'no answer')],
])('an error stays as it is where %s', (_when, said, error) => {
  const notice = createLoginNotice();
  notice.note(said);
  expect(notice.addTo(error)).toBe(error);
});
