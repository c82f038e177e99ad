import { type Config, EMPTY_CONFIG } from './config.js';
import { type ConfigSearch, findConfigFiles } from './find-config-files.js';
import { type KnownNames, NO_NAMES } from './known-names.js';
import { throwProblems } from './problem.js';
import { readTextFile } from './read-text-file.js';

/**
 * Loads the project's `outlast.yaml` and the user's `config.yaml`, checks both and merges them; the project wins.
 * The YAML parser and the schema are loaded only when there is a file.
 *
 * @param others names of hosts and groups from elsewhere, which groups and apps may refer to.
 * @throws OutlastError `E_CONFIG` with one line `file:line:column: message` a problem, all of them at once; or when a
 *   file cannot be read.
 */
export async function loadConfig(search: ConfigSearch, others: KnownNames = NO_NAMES): Promise<Config> {
  const locations = await findConfigFiles(search);
  if (locations.length === 0) {
    return EMPTY_CONFIG;
  }
  const [texts, { parseConfigFile }, { checkNames }, { buildConfig }] = await Promise.all([
    Promise.all(locations.map(({ path, name }) => readTextFile(path, name))),
    import('./parse-config-file.js'),
    import('./check-names.js'),
    import('./build-config.js'),
  ]);
  const files = locations.map((location, index) => parseConfigFile(texts[index] ?? '', location, search.env));
  throwProblems([...files.flatMap(({ problems }) => problems), ...checkNames(files, others)]);
  return buildConfig(files);
}
