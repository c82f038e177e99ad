import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OUTCOMES_FILE } from './test-outcomes.mjs';

/** Vitest reporter that writes what became of each test, with the reasons of the skipped, to `OUTCOMES_FILE` below vitest's root. */
// biome-ignore lint/style/noDefaultExport: vitest loads a reporter by its default export
export default class OutcomeReporter {
  #namePattern;
  #file;

  onInit(vitest) {
    this.#namePattern = vitest.config.testNamePattern;
    this.#file = join(vitest.config.root, OUTCOMES_FILE);
    rmSync(this.#file, { force: true });
  }

  onTestRunEnd(modules, unhandledErrors) {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const outcomes = {
      passed: tests.filter((test) => test.result().state === 'passed').length,
      failed: tests.filter((test) => test.result().state === 'failed').length,
      skipped: tests.filter((test) => this.#isSkipped(test)).map(describeSkip),
      notStarted: modules.flatMap(describeNotStarted),
      unhandledErrors: unhandledErrors.map(({ message }) => message),
    };
    mkdirSync(dirname(this.#file), { recursive: true });
    writeFileSync(this.#file, `${JSON.stringify(outcomes, null, 2)}\n`);
  }

  #isSkipped(test) {
    if (test.result().state === 'passed' || test.result().state === 'failed') return false;
    return this.#namePattern === undefined || this.#namePattern.test(buildMatchedName(test));
  }
}

// The name that vitest compares with `-t`: the suites' names and the test's, with spaces between.
function buildMatchedName(task) {
  return task.parent.type === 'module' ? task.name : `${buildMatchedName(task.parent)} ${task.name}`;
}

function describeSkip(test) {
  return { file: test.module.relativeModuleId, name: test.fullName, reason: findSkipReason(test) };
}

function findSkipReason(test) {
  const { state, note } = test.result();
  if (state === 'pending') return 'did not come to an end';
  if (test.options.mode === 'todo') return 'still to be written';
  return note ?? (hasBrokenSuite(test) ? 'its suite could not start' : 'no reason given');
}

function hasBrokenSuite({ parent }) {
  return parent.errors().length > 0 || (parent.type !== 'module' && hasBrokenSuite(parent));
}

function describeNotStarted(module) {
  const suites = [module, ...module.children.allSuites()].filter((suite) => suite.errors().length > 0);
  return suites.map((suite) => ({
    name: suite === module ? module.relativeModuleId : `${module.relativeModuleId} > ${suite.fullName}`,
    reason: suite.errors()[0].message,
  }));
}
