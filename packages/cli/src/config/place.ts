import { escapeForMessage } from '@outlast/core';

/** Where something is written; line and column count from 1. */
export interface Place {
  /** The file as messages name it. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Formats `file:line:column`. */
export function formatPlace({ file, line, column }: Place): string {
  return `${escapeForMessage(file)}:${line}:${column}`;
}
