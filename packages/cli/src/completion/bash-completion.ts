import { type CompletionFlag, type CompletionModel, listNames, parseFlagForms } from './completion-model.js';

interface Scope {
  /** Names of the verb; empty text stands for no verb yet. */
  readonly names: readonly string[];
  readonly flags: readonly CompletionFlag[];
}

/** Builds the completion script for bash, from 3.2 on; it needs nothing but bash. */
export function buildBashCompletion(model: CompletionModel): string {
  const scopes: Scope[] = [
    { names: [''], flags: model.flags ?? [] },
    ...model.verbs.map((verb) => ({ names: listNames(verb), flags: verb.flags })),
  ];
  return `# bash completion for outlast
# shellcheck shell=bash

_outlast_takes() { # verb flag
  case "$1 $2" in
${scopes.flatMap(formatTakes).join('\n')}
    *) echo '' ;;
  esac
}

_outlast_flags() { # verb
  case "$1" in
${scopes.map(formatFlags).join('\n')}
  esac
}

_outlast_arguments() { # verb
  case "$1" in
${model.verbs.map((verb) => `    ${formatPatterns(listNames(verb))}) echo '${verb.takes ?? ''}' ;;`).join('\n')}
  esac
}

_outlast_candidates() { # kind, start of the word
  local before='' word
  case "$1" in
    host | app | group)
      # Hosts are written one after the other with commas.
      before=\${2%"\${2##*,}"}
      outlast completion "--list-\${1}s" 2>/dev/null | while IFS= read -r word; do
        [[ $before$word == "$2"* ]] && printf '%s\\n' "$before$word"
      done
      ;;
    file) compgen -f -- "$2" ;;
    program) compgen -c -- "$2" ;;
  esac
}

_outlast_offer() { # verb, kind, word
  local IFS=$' \\t\\n'
  if [[ -n $2 ]]; then
    _outlast_candidates "$2" "$3"
  elif [[ $3 == --*=* ]]; then
    _outlast_candidates "$(_outlast_takes "$1" "\${3%%=*}")" "\${3#*=}" | while IFS= read -r word; do
      printf '%s\\n' "\${3%%=*}=$word"
    done
  elif [[ $3 == -* ]]; then
    compgen -W "$(_outlast_flags "$1")" -- "$3"
  elif [[ -z $1 ]]; then
    compgen -W '${model.verbs.flatMap(listNames).join(' ')}' -- "$3"
  else
    _outlast_candidates "$(_outlast_arguments "$1")" "$3"
  fi
}

_outlast() {
  # Words are split here, since bash would also split them at the : and @ of a host.
  local line=\${COMP_LINE:0:COMP_POINT} words word verb='' kind='' index cur IFS=$' \\t\\n'
  read -ra words <<<"$line"
  case "$line" in *[[:space:]]) words+=('') ;; esac
  cur=\${words[\${#words[@]}-1]}
  for ((index = 1; index < \${#words[@]} - 1; index++)); do
    word=\${words[index]}
    if [[ -n $kind ]]; then
      kind=''
    elif [[ $word == -- ]]; then
      kind='file'
      ((index == \${#words[@]} - 2)) && kind='program'
      break
    elif [[ $word == -* ]]; then
      kind=$(_outlast_takes "$verb" "$word")
    elif [[ -z $verb ]]; then
      verb=$word
    fi
  done
  [[ $kind == file ]] && compopt -o filenames 2>/dev/null
  # Readline replaces only what stands behind the last character that breaks words for it.
  local cut=\${cur%"\${cur##*["$COMP_WORDBREAKS"]}"}
  COMPREPLY=()
  while IFS= read -r word; do
    COMPREPLY+=("\${word#"$cut"}")
  done < <(_outlast_offer "$verb" "$kind" "$cur")
}

complete -F _outlast outlast
`;
}

function formatTakes({ names, flags }: Scope): string[] {
  return flags
    .filter(({ takes }) => takes !== undefined)
    .map((flag) => {
      const words = names.flatMap((name) => parseFlagForms(flag).map((form) => `${name} ${form}`));
      return `    ${formatPatterns(words)}) echo '${flag.takes}' ;;`;
    });
}

function formatFlags({ names, flags }: Scope): string {
  return `    ${formatPatterns(names)}) echo '${flags.flatMap(parseFlagForms).join(' ')}' ;;`;
}

function formatPatterns(words: readonly string[]): string {
  return words.map((word) => `'${word}'`).join(' | ');
}
