/**
 * Draws what a program wrote to a terminal, and gives the lines that a person then sees. It knows the sequences that outlast itself
 * writes: colours, moves within a line and upwards, and the erasing of lines and of all behind.
 *
 * @throws Error for any other control character or sequence.
 */
export function drawScreen(text: string): string[] {
  const lines: string[][] = [[]];
  let row = 0;
  let column = 0;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal acts on
  for (const [token, parameters = '', final] of text.matchAll(/\u001b\[([0-9;?]*)([A-Za-z])|[\s\S]/gu)) {
    while (lines.length <= row) lines.push([]);
    const line = lines[row] ?? [];
    const count = Number(parameters || '1');
    if (token === '\n') row += 1;
    else if (token === '\r') column = 0;
    else if (final === 'G') column = count - 1;
    else if (final === 'A') row = Math.max(0, row - count);
    else if (final === 'K') line.splice(parameters === '2' ? 0 : column);
    else if (final === 'J' && parameters !== '2') lines.splice(row, lines.length, line.slice(0, column));
    else if (final === 'm' || final === 'h' || final === 'l') continue;
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal acts on
    else if (/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(token))
      throw new Error(`the terminal gets ${JSON.stringify(token)}`);
    else {
      while (line.length < column) line.push(' ');
      line[column] = token;
      column += 1;
    }
  }
  return lines.map((line) => line.join(''));
}
