import { mkdtempSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { createSocketFolder } from './control-folder.js';

vi.mock('node:fs', { spy: true });

test('where no folder can be made for the sockets it says why', () => {
  vi.mocked(mkdtempSync).mockImplementation(() => {
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  });
  const told = { code: 'E_CONFIG', message: expect.stringContaining('no space left on device') };
  expect(() => createSocketFolder({ TMPDIR: '/tmp' })).toThrow(expect.objectContaining(told));
});
