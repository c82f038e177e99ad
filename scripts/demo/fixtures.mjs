// The repository's own packages are not installed at its root, so this one has no name here.
export {
  createLaptop,
  endProcessesOf,
  findFreePort,
  isGone,
  isListening,
  runProgram,
  startEmbeddedHost,
  waitFor,
} from '../../packages/test-fixtures/dist/index.js';
