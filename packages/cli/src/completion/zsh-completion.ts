import {
  type CompletionFlag,
  type CompletionModel,
  type CompletionVerb,
  type CompletionWords,
  listNames,
  parseFlagForms,
  resolveListFlag,
} from './completion-model.js';

/** Builds the completion script for zsh: to be evaluated after `compinit`, or put into `fpath` as `_outlast`. */
export function buildZshCompletion({ verbs, flags = [] }: CompletionModel): string {
  return `#compdef outlast

_outlast_words() { # what _arguments puts before, flag of outlast completion
  local -a found
  found=(\${(f)"$(outlast completion $argv[-1] 2>/dev/null)"})
  # Hosts are written one after the other with commas.
  compset -P '*,'
  compadd "\${(@)argv[1,-2]}" -a found
}

_outlast() {
  local curcontext=$curcontext state line
  local -a verbs
  local -A opt_args
  _arguments -C ${[...flags.flatMap(formatFlag), "'1:verb:->verb'", "'*::argument:->rest'"].join(' \\\n    ')}
  case $state in
    verb)
      verbs=(
${verbs.flatMap(formatVerbNames).join('\n')}
      )
      _describe -t verbs verb verbs
      ;;
    rest)
      # Behind -- stands the argv of the app.
      local dashes=\${words[(i)--]}
      if (( dashes < CURRENT )); then
        shift $dashes words
        (( CURRENT -= dashes ))
        _normal
        return
      fi
      case $line[1] in
${verbs.map(formatVerb).join('\n')}
      esac
      ;;
  esac
}

if [[ $funcstack[1] == _outlast ]]; then
  _outlast "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
  compdef _outlast outlast
fi
`;
}

function formatVerbNames(verb: CompletionVerb): string[] {
  return listNames(verb).map((name) => `        ${quote(`${name}:${verb.summary}`)}`);
}

function formatVerb(verb: CompletionVerb): string {
  const takes = verb.takes === undefined ? [] : [quote(`*:${verb.takes}:${formatAction(verb.takes)}`)];
  const specs = [...verb.flags.flatMap(formatFlag), ...takes];
  const body = specs.length === 0 ? '_message "no arguments"' : `_arguments ${specs.join(' \\\n            ')}`;
  return `        ${listNames(verb).join(' | ')})
          ${body}
          ;;`;
}

function formatFlag(flag: CompletionFlag): string[] {
  const forms = parseFlagForms(flag);
  const summary = `[${flag.summary.replace(/[\\[\]]/g, '\\$&')}]`;
  return forms.map((form) => {
    // A flag with a value may be given again, a switch need not be offered twice.
    if (flag.takes === undefined) return quote(`(${forms.join(' ')})${form}${summary}`);
    return quote(`*${form}${form.startsWith('--') ? '=' : '+'}${summary}:${flag.takes}:${formatAction(flag.takes)}`);
  });
}

function formatAction(takes: CompletionWords): string {
  const list = resolveListFlag(takes);
  if (list !== undefined) return `_outlast_words ${list}`;
  return takes === 'file' ? '_files' : ' ';
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
