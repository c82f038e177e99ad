import {
  type CompletionFlag,
  type CompletionModel,
  type CompletionVerb,
  type CompletionWords,
  listNames,
  parseFlagForms,
  resolveListFlag,
} from './completion-model.js';

/** Builds the completion script for fish. */
export function buildFishCompletion({ verbs, flags = [] }: CompletionModel): string {
  const lines = [
    ...flags.map((flag) => formatFlag('__outlast_at_verb', flag)),
    ...verbs.flatMap(formatVerbNames),
    ...verbs.flatMap(formatVerb),
  ];
  return `# fish completion for outlast
function __outlast_verb
    for word in (commandline -opc)[2..-1]
        string match -q -- '-*' $word; and continue
        echo $word
        return 0
    end
    return 1
end

function __outlast_after_dashes
    contains -- -- (commandline -opc)
end

function __outlast_at_verb
    not __outlast_after_dashes; and not __outlast_verb >/dev/null
end

function __outlast_verb_in
    not __outlast_after_dashes; and contains -- (__outlast_verb) $argv
end

# Hosts are written one after the other with commas: what is there already stays in front.
function __outlast_words
    set -l word (string replace -r '^--[a-z-]+=' '' -- (commandline -ct))
    set -l before (string match -r '^.*,' -- $word)
    for found in (outlast completion $argv[1] 2>/dev/null)
        echo "$before$found"
    end
end

complete -c outlast -e
complete -c outlast -f
complete -c outlast -n __outlast_after_dashes -F
${lines.join('\n')}
`;
}

function formatVerbNames(verb: CompletionVerb): string[] {
  return listNames(verb).map((name) => `complete -c outlast -n __outlast_at_verb -a ${name} -d ${quote(verb.summary)}`);
}

function formatVerb(verb: CompletionVerb): string[] {
  const condition = quote(`__outlast_verb_in ${listNames(verb).join(' ')}`);
  const flags = verb.flags.map((flag) => formatFlag(condition, flag));
  if (verb.takes === undefined || verb.takes === 'value') return flags;
  return [...flags, `complete -c outlast -n ${condition} ${formatWords(verb.takes, '')}`];
}

function formatFlag(condition: string, flag: CompletionFlag): string {
  const forms = parseFlagForms(flag).map((form) =>
    form.startsWith('--') ? `-l ${form.slice(2)}` : `-s ${form.slice(1)}`,
  );
  const takes = flag.takes === undefined ? [] : [formatWords(flag.takes, '-x')];
  return ['complete -c outlast', `-n ${condition}`, ...forms, ...takes, `-d ${quote(flag.summary)}`].join(' ');
}

function formatWords(takes: CompletionWords, exclusive: string): string {
  const list = resolveListFlag(takes);
  if (list !== undefined) return `${exclusive} -a ${quote(`(__outlast_words ${list})`)}`.trim();
  return takes === 'file' ? `${exclusive === '' ? '' : '-r '}-F` : exclusive;
}

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
