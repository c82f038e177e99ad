import { expect, test } from 'vitest';
import { formatUpload } from './format-upload.js';

test.each([
  ['begins', { bytes: 0, totalBytes: 2_000, files: 0, totalFiles: 4 }, 'upload [----------] 0% of 2.0K, 0/4 files'],
  [
    'is under way',
    { bytes: 999, totalBytes: 2_000, files: 1, totalFiles: 4 },
    'upload [####------] 49% of 2.0K, 1/4 files',
  ],
  [
    'is done',
    { bytes: 2_000, totalBytes: 2_000, files: 4, totalFiles: 4 },
    'upload [##########] 100% of 2.0K, 4/4 files',
  ],
  [
    'has nothing to send',
    { bytes: 0, totalBytes: 0, files: 0, totalFiles: 0 },
    'upload [##########] 100% of 0B, 0/0 files',
  ],
])('an upload that %s', (_, progress, line) => {
  expect(formatUpload(progress)).toBe(line);
});
