import { describeIssues, describeType } from './describe-issues.js';
import type { ConfigLocation } from './find-config-files.js';
import { type ParsedYaml, parseYaml } from './parse-yaml.js';
import type { Problem } from './problem.js';
import { configSchema, type ParsedConfigFile } from './schema.js';

/** One configuration file, read and checked by itself. */
export interface CheckedFile {
  readonly location: ConfigLocation;
  readonly yaml: ParsedYaml;
  /** Undefined when there are problems. */
  readonly settings: ParsedConfigFile | undefined;
  readonly problems: readonly Problem[];
}

/** Parses the text of a configuration file and checks it against the schema; an empty file has no settings. */
export function parseConfigFile(text: string, location: ConfigLocation): CheckedFile {
  const yaml = parseYaml(text, location.name);
  if (yaml.problems.length > 0) {
    return { location, yaml, settings: undefined, problems: yaml.problems };
  }
  const result = configSchema.safeParse(yaml.value ?? {}, { error: describeType });
  const problems = describeIssues(result.error?.issues ?? []).map(({ path, message }) => ({
    place: yaml.findPlace(path),
    message,
  }));
  return { location, yaml, settings: result.data, problems };
}
