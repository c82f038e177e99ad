import { sh } from '../shell/template.js';

/** The unguessable id of a request as a word of the shell; without one the host makes it, for a script that may be run any number of times. */
export function buildRequest(request: string | null | undefined): string {
  return request === null || request === undefined
    ? "$(od -An -N12 -v -tx1 /dev/urandom | tr -d ' \\n')"
    : sh`${[request]}`;
}
