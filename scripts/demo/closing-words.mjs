import { INSTALLED } from './install-outlast.mjs';
import { quoteWord } from './quote-word.mjs';

/** Formats what to type to play with the hosts of the demo. */
export function formatPlayground(app, stage) {
  const { laptop, hostList } = stage;
  return `
The hosts stay up until Ctrl-C. In another terminal:

  alias outlast=${quoteWord(quoteWord(laptop.outlastPath))}
${app
  .buildStartLines(stage)
  .map((line) => `  ${line}`)
  .join('\n')}
  outlast status -H ${hostList}
  outlast logs ${app.name} -f -H ${hostList}
  outlast stop ${app.name} -H ${hostList}`;
}

/** Formats what to type to use it on a server of one's own. */
export function formatOwnServer() {
  return `On a server of your own, one that you reach with ssh:

  alias outlast=${quoteWord(INSTALLED)}
  outlast start hello -H you@your-server -- python3 -m http.server 8000 --bind 127.0.0.1
  outlast status -H you@your-server
  outlast stop hello -H you@your-server`;
}
