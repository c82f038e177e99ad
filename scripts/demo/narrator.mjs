/** Creates what prints the demo: its own words, and the lines that a user would type with what came of them. */
export function createNarrator(stream, isColored) {
  const paint = (code, text) => (isColored ? `\u001b[${code}m${text}\u001b[0m` : text);
  const write = (text) => stream.write(text);
  return {
    isColored,
    /** Text that a program printed, as it is. */
    raw: write,
    line: (text = '') => write(`${text}\n`),
    title: (text) => write(`\n${paint(1, text)}\n`),
    typed: (line) => write(`${paint(36, '$')} ${paint(36, line)}\n`),
    note: (text) => write(`${paint(32, '→')} ${text}\n`),
  };
}
