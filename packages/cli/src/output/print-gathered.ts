import { createUtf8Decoder, escapeText } from './escape-terminal.js';
import { formatHosts } from './format-host.js';
import type { OutputGatherer, OutputGroup } from './gathered-outputs.js';
import type { Output, OutputStream } from './streams.js';

/** How gathered outputs are printed. */
export interface GatheredLayout {
  /** The hosts in their order. */
  readonly order: readonly string[];
  /** Bytes as they are, even on a terminal. */
  readonly raw: boolean;
}

/** What is escaped and written at once. */
const PIECE = 64 * 1024;

const NEWLINE = 0x0a;

/** Prints each distinct output once, under the hosts that it came from: what came on stdout to stdout, what came on stderr to stderr. */
export async function printGathered(output: Output, gathered: OutputGatherer, layout: GatheredLayout): Promise<void> {
  const { order, raw } = layout;
  await printGroups(gathered.stdout.groups(order), {
    ...buildStream(output.stdout, raw),
    text: (text) => output.data(text),
    bytes: (bytes) => output.bytes(bytes),
  });
  await printGroups(gathered.stderr.groups(order), {
    ...buildStream(output.stderr, raw),
    text: (text) => output.foreign(text),
    bytes: (bytes) => output.foreign(bytes),
  });
}

interface GroupStream {
  readonly formatHead: (hosts: readonly string[]) => string;
  readonly escaped: boolean;
  text(text: string): Promise<void>;
  bytes(bytes: Uint8Array): Promise<void>;
}

function buildStream({ isTerminal, palette }: OutputStream, raw: boolean): Pick<GroupStream, 'formatHead' | 'escaped'> {
  return { escaped: isTerminal && !raw, formatHead: (hosts) => palette.cyan(formatHosts(hosts)) };
}

async function printGroups(groups: readonly OutputGroup[], stream: GroupStream): Promise<void> {
  for (const [index, { hosts, bytes }] of groups.entries()) {
    await stream.text(`${index === 0 ? '' : '\n'}${stream.formatHead(hosts)}\n`);
    const decoder = createUtf8Decoder();
    for (let start = 0; start < bytes.length; start += PIECE) {
      const piece = bytes.subarray(start, start + PIECE);
      await (stream.escaped ? stream.text(escapeText(decoder.decode(piece))) : stream.bytes(piece));
    }
    const rest = stream.escaped ? escapeText(decoder.end()) : '';
    await stream.text(bytes.at(-1) === NEWLINE ? rest : `${rest}\n`);
  }
}
