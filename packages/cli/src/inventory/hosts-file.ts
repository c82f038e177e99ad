import { escapeForMessage, OutlastError } from '@outlast/core';
import { expandHostsWithin, MOST_HOSTS } from './host-ranges.js';
import { parseHostUser, parseHostWord } from './host-spec.js';

/** One host of a hosts file. */
export interface HostsFileEntry {
  /** The host word; ranges are expanded. */
  readonly word: string;
  /** The second word of the line. */
  readonly user?: string;
  readonly line: number;
}

const MOST_PROBLEMS = 20;
const LONGEST_LINE = 1_048_576;

/**
 * Parses a hosts file as pssh has them: one host a line, an optional user as second word, `#` comments, blank lines.
 * Ranges and commas work as after `-H`.
 *
 * @param name what messages call the file.
 * @throws OutlastError `E_USAGE` with one line a problem, each with file and line.
 */
export function parseHostsFile(text: string, name: string): HostsFileEntry[] {
  const problems: string[] = [];
  const entries: HostsFileEntry[] = [];
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n/);
  lines.forEach((content, index) => {
    if (problems.length > MOST_PROBLEMS) return;
    try {
      for (const entry of parseLine(content, index + 1, MOST_HOSTS - entries.length)) entries.push(entry);
    } catch (error) {
      if (!(error instanceof OutlastError)) throw error;
      problems.push(`${escapeForMessage(name)}:${index + 1}: ${error.message}`);
    }
  });
  if (problems.length > 0) {
    throw new OutlastError('E_USAGE', formatProblems(problems), {
      hint: 'a hosts file has one host a line: name, user@name:port, or a name and a user',
    });
  }
  return entries;
}

function parseLine(content: string, line: number, room: number): HostsFileEntry[] {
  if (content.length > LONGEST_LINE) {
    throw new OutlastError('E_USAGE', 'the line is longer than 1 MiB');
  }
  const [hosts, user, ...rest] = content
    .replace(/(^|[ \t])#.*$/s, '')
    .split(/[ \t]+/)
    .filter((word) => word !== '');
  if (hosts === undefined) {
    return [];
  }
  if (rest.length > 0) {
    throw new OutlastError('E_USAGE', 'there are more than two words');
  }
  return expandHostsWithin(hosts, room).map((word) => {
    if (parseHostWord(word).user !== undefined && user !== undefined) {
      throw new OutlastError('E_USAGE', 'the user is given twice');
    }
    return { word, line, ...(user === undefined ? {} : { user: parseHostUser(user) }) };
  });
}

function formatProblems(problems: readonly string[]): string {
  return [...problems.slice(0, MOST_PROBLEMS), ...(problems.length > MOST_PROBLEMS ? ['… and more'] : [])].join('\n');
}
