import type { UploadProgress } from '../deploy/send-release.js';
import { formatBytes } from './format-bytes.js';

const BAR_CELLS = 10;

/** Formats how far an upload is: `upload [####------] 45% of 2.1G, 12/900 files`. */
export function formatUpload({ bytes, totalBytes, files, totalFiles }: UploadProgress): string {
  const share = totalBytes === 0 ? 1 : bytes / totalBytes;
  const bar = '#'.repeat(Math.floor(share * BAR_CELLS)).padEnd(BAR_CELLS, '-');
  return `upload [${bar}] ${Math.floor(100 * share)}% of ${formatBytes(totalBytes)}, ${files}/${totalFiles} files`;
}
