import { escapeForMessage } from '@outlast/core';

/** Where something is written; line and column count from 1, and are 0 where only the file is known. */
export interface Place {
  /** The file as messages name it. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Formats `file:line:column`, or `file` alone. */
export function formatPlace({ file, line, column }: Place): string {
  return line === 0 ? escapeForMessage(file) : `${formatLine({ file, line, column })}:${column}`;
}

/** Formats `file:line`, or `file` alone. */
export function formatLine({ file, line }: Place): string {
  return line === 0 ? escapeForMessage(file) : `${escapeForMessage(file)}:${line}`;
}
