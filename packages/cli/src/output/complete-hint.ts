const VERB =
  /\boutlast (status|stop|start|restart|logs|signal|kill|wait|inspect|find|adopt|rm|prune|exec|history|releases|rollback)\b/g;

/** Puts the flags of this run into every line of a hint that can be typed: without them it would look at other hosts. */
export function completeHint(hint: string, repeated: string): string {
  return repeated === '' ? hint : hint.replace(VERB, `outlast $1 ${repeated.replaceAll('$', '$$$$')}`);
}
