/** For vitest: tests run the program as it is installed, built from what tsc has built last. */
export { bundle as setup } from './bundle.mjs';
