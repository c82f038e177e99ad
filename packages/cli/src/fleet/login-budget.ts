import type { OutlastError } from '@outlast/core';

/** Notices when host after host refuses the same login: it is wrong then, and servers ban whoever goes on trying. */
export interface LoginBudget {
  readonly spent: boolean;
  /** Takes note of what became of a host. */
  count(outcome: { readonly reached: boolean; readonly error?: OutlastError }): void;
}

/** Allows so many refusals in a row of the same user and keys; any host that lets us in shows that they are not what is wrong. */
export function createLoginBudget(limit: number): LoginBudget {
  let refused: string | undefined;
  let inRow = 0;
  let spent = false;
  return {
    get spent() {
      return spent;
    },
    count({ reached, error }) {
      const login = error?.code === 'E_AUTH' ? error.details.login : undefined;
      if (login !== undefined) inRow = login === refused ? inRow + 1 : 1;
      else if (reached) inRow = 0;
      refused = login ?? refused;
      spent ||= inRow >= limit;
    },
  };
}
