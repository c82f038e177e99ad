import { describeHidden, describeIssues, describeType, type SchemaProblem } from './describe-issues.js';
import type { ConfigLocation } from './find-config-files.js';
import type { Environment } from './interpolate-text.js';
import { type Interpolation, interpolateValues } from './interpolate-values.js';
import { type ParsedYaml, parseYaml } from './parse-yaml.js';
import type { Problem } from './problem.js';
import { configSchema, type ParsedConfigFile } from './schema.js';

/** One configuration file, read and checked by itself. */
export interface CheckedFile {
  readonly location: ConfigLocation;
  /** Its value has the values of variables in it. */
  readonly yaml: ParsedYaml;
  readonly interpolation: Pick<Interpolation, 'findWritten'>;
  /** Undefined when there are problems. */
  readonly settings: ParsedConfigFile | undefined;
  readonly problems: readonly Problem[];
}

/**
 * Parses the text of a configuration file, puts the values of variables into it and checks it against the schema; an
 * empty file has no settings.
 */
export function parseConfigFile(text: string, location: ConfigLocation, env: Environment): CheckedFile {
  const yaml = parseYaml(text, location.name);
  const interpolation = interpolateValues(yaml.value, env);
  if (yaml.problems.length > 0) {
    return { location, yaml, interpolation, settings: undefined, problems: yaml.problems };
  }
  const { settings, problems } = checkSchema(yaml.value ?? {}, interpolation);
  const all = [...interpolation.mistakes, ...problems.flatMap((problem) => describeProblem(problem, interpolation))];
  return {
    location,
    yaml,
    interpolation,
    settings: all.length > 0 ? undefined : settings,
    problems: all.map(({ path, message }) => ({ place: yaml.findPlace(path), message })),
  };
}

interface SchemaCheck {
  readonly settings: ParsedConfigFile | undefined;
  readonly problems: readonly SchemaProblem[];
}

// A variable brings text; only where the schema does not want one is it taken for the number or boolean that it spells.
function checkSchema(value: unknown, interpolation: Interpolation): SchemaCheck {
  const check = (): SchemaCheck => {
    const { data, error } = configSchema.safeParse(value, { error: describeType });
    return { settings: data, problems: describeIssues(error?.issues ?? []) };
  };
  const first = check();
  const retyped = first.problems.filter(({ path, rule }) => rule === undefined && interpolation.retype(path));
  return retyped.length > 0 ? check() : first;
}

function describeProblem(problem: SchemaProblem, { findWritten }: Interpolation): SchemaProblem[] {
  const written = findWritten(problem.path);
  if (written === undefined) return [problem];
  return written.isMistaken ? [] : [{ path: problem.path, message: describeHidden(problem, written.text) }];
}
