'use strict';

/** Runs `main(args)` of a module of this folder; what it resolves to is the exit code. */
exports.runMain = async (name) => {
  try {
    const { main } = await import(`./${name}`);
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${process.env.OUTLAST_DEBUG ? error.stack : told}\n`);
    process.exitCode = 1;
  }
};
