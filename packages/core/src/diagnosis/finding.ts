/** How bad a finding is, the worst first. */
export const FINDING_LEVELS = ['problem', 'warning', 'note', 'ok'] as const;

/** `problem`: something will not work; `warning`: it may not; `note`: it works, and one had better know; `ok`: nothing found. */
export type FindingLevel = (typeof FINDING_LEVELS)[number];

/** What one check came to. */
export interface Finding {
  /** Stable name of the check, whatever it came to; a check may have several findings, and always has one. */
  readonly check: string;
  readonly level: FindingLevel;
  /** What it means. */
  readonly message: string;
  /** What to do about it, a line that can be typed where there is one; null where nothing is to be done. */
  readonly remedy: string | null;
}

/** Makes a finding. */
export function createFinding(
  check: string,
  level: FindingLevel,
  message: string,
  remedy: string | null = null,
): Finding {
  return { check, level, message, remedy };
}

/** Puts the worst first; equals keep their order. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((a, b) => FINDING_LEVELS.indexOf(a.level) - FINDING_LEVELS.indexOf(b.level));
}
