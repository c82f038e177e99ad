import { createFinding, type Finding } from './finding.js';
import type { Survey } from './survey.js';
import { OPTIONAL_TOOLS, REQUIRED_TOOLS } from './tools.js';

/** The programs that nothing can replace. */
export function checkRequiredTools({ missingTools }: Survey): Finding[] {
  const missing = missingTools.filter((tool) => tool in REQUIRED_TOOLS);
  if (missing.length === 0) return [createFinding('required-tools', 'ok', 'every program that outlast needs is there')];
  return missing.map((tool) => {
    const users = (REQUIRED_TOOLS[tool] ?? []).join(', ');
    const remedy = `install ${tool} (POSIX has it; BusyBox does), or put its folder into the PATH of a login without a terminal`;
    return createFinding('required-tools', 'problem', `no ${tool}: needed by ${users}`, remedy);
  });
}

/** The programs that something falls back from. */
export function checkOptionalTools({ missingTools, fractionalSleep }: Survey): Finding[] {
  const missing = missingTools.filter((tool) => tool in OPTIONAL_TOOLS);
  const findings = missing.map((tool) =>
    createFinding('optional-tools', 'note', `no ${tool}: ${OPTIONAL_TOOLS[tool]}`, `install ${tool}`),
  );
  if (!fractionalSleep && !missingTools.includes('sleep')) {
    const message = 'sleep knows whole seconds only: waiting for an app takes up to a second longer';
    findings.push(createFinding('optional-tools', 'note', message));
  }
  if (findings.length > 0) return findings;
  return [createFinding('optional-tools', 'ok', 'every program that helps is there')];
}

/** How apps get a session of their own. */
export function checkDetaching({ setsid }: Survey): Finding {
  const ignored = 'apps begin with INT and QUIT ignored, so stop them with TERM';
  if (setsid === 'plain') {
    return createFinding('setsid', 'note', `setsid knows no -f: ${ignored}`, 'install setsid of util-linux');
  }
  if (setsid === 'none') {
    const message = `no setsid: apps get no session and no process group of their own; ${ignored}`;
    return createFinding('setsid', 'note', message, 'install setsid of util-linux');
  }
  return createFinding('setsid', 'ok', 'apps get a session of their own, with signals as they were');
}
