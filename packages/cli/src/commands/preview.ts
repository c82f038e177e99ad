import type { SelectedHost } from '../inventory/selected-host.js';
import { SCHEMA } from '../output/document.js';
import { escapeText } from '../output/escape-terminal.js';
import { foldHosts } from '../output/fold-hosts.js';
import { formatJson } from '../output/json.js';
import type { Context } from './context.js';
import type { FleetPlan } from './fleet-plan.js';

/** Stands in a printed script where each real run has an unguessable word. */
export const PREVIEW_NONCE = '0123456789abcdef01234567';

/** What would be done. */
export interface Preview {
  /** In words: `start dashboard: streamlit run app.py`. */
  readonly action: string;
  /** The script for one host. */
  buildScript(host: SelectedHost): string;
}

/** Answers `--dry-run` and `--print-script`; false when neither was given, so that the verb goes on. */
export async function showPreview(context: Context, { flags, hosts }: FleetPlan, preview: Preview): Promise<boolean> {
  const { output, verb } = context;
  if (flags.printScript) {
    for (const [script, names] of groupScripts(hosts, preview)) {
      if (names.length < hosts.length) await output.data(`# for ${foldHosts(names).join(',')}\n`);
      await output.data(output.stdout.isTerminal ? escapeText(script) : script);
    }
    return true;
  }
  if (!flags.dryRun) return false;
  const names = hosts.map(({ target }) => target.name);
  if (flags.json || flags.ndjson) {
    await output.data(formatJson({ schema: SCHEMA, verb, dryRun: true, action: preview.action, hosts: names }));
  } else {
    await output.data(
      `would ${escapeText(preview.action)}\n${names.map((name) => `  on ${escapeText(name)}\n`).join('')}`,
    );
  }
  return true;
}

/** Hosts that would get the same script share one printout. */
function groupScripts(hosts: readonly SelectedHost[], preview: Preview): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const host of hosts) {
    const script = preview.buildScript(host);
    const group = groups.get(script);
    if (group === undefined) groups.set(script, [host.target.name]);
    else group.push(host.target.name);
  }
  return groups;
}
