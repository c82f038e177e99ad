import { type ErrorCode, OutlastError } from '@outlast/core';
import { formatRemotePrompt } from '../questions.js';

// What matters stands at the end: many hosts begin with a page of their lawyers.
const MAX_CHARACTERS = 300;

/** What a host says to whoever logs in (`Banner` of sshd_config, or why nobody may); told only where the login fails. */
export interface LoginNotice {
  /** Notes one more message of the host. */
  note(text: string): void;
  /** Adds the last of what was said to an error of the authentication; any other error stays as it is. */
  addTo(error: Error): Error;
}

const CODES: readonly ErrorCode[] = ['E_AUTH', 'E_CONNECT_CLOSED'];

/** Creates the notice of one session. */
export function createLoginNotice(): LoginNotice {
  let said = '';
  return {
    note(text) {
      said = `${said}${text}`.slice(-MAX_CHARACTERS);
    },
    addTo(error) {
      const words = formatRemotePrompt(said).replace(/\s+/g, ' ').trim();
      if (words === '' || !(error instanceof OutlastError) || !CODES.includes(error.code)) return error;
      return new OutlastError(error.code, `${error.message}, saying ${JSON.stringify(words)}`, error.details);
    },
  };
}
