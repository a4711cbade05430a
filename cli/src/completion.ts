import { COMMANDS } from './commands.ts'
import { UsageError } from './exit-codes.ts'
import { SERVER_OPTION_NAMES } from './options.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const

const USAGE = `Usage: rollcall completion ${SHELLS.join('|')}

Prints what the shell needs to complete commands and options. To have it now, and in every new shell:

  bash   source <(rollcall completion bash)         in ~/.bashrc
  zsh    source <(rollcall completion zsh)          in ~/.zshrc, after compinit
  fish   rollcall completion fish | source          in ~/.config/fish/config.fish`

type Listed = readonly (readonly [name: string, about: string])[]

/** @throws UsageError */
export function completionFor([shell, ...extra]: readonly string[], listed: Listed): string {
  if (shell === '--help' || shell === '-h') return `${USAGE}\n`
  if (extra.length > 0) throw new UsageError(USAGE)
  switch (shell) {
    case 'bash':
      return bash(listed)
    case 'zsh':
      return zsh(listed)
    case 'fish':
      return fish(listed)
    default:
      throw new UsageError(USAGE)
  }
}

/** All options of a command. */
function optionsOf(name: string): readonly string[] {
  const command = COMMANDS.get(name)
  if (command === undefined) return []
  return [...command.options, ...(command.asksServer ? [...SERVER_OPTION_NAMES, '--help'] : [])]
}

/** A word in single quotes, which every one of these shells leaves as it is. None of ours holds a backslash. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

function bash(listed: Listed): string {
  const cases = listed.map(([name]) => `    ${name}) words=${quoted(optionsOf(name).join(' '))} ;;`)
  return `_rollcall() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words=''
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words=${quoted(listed.map(([name]) => name).join(' '))}; fi
  if [ "$COMP_CWORD" -gt 1 ] && [ "\${current:0:1}" != - ]; then return; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _rollcall rollcall
`
}

function zsh(listed: Listed): string {
  const commands = listed.map(
    ([name, about]) => `    ${quoted(`${name}:${about.replaceAll(':', String.raw`\:`)}`)}`,
  )
  const cases = listed.map(([name]) => `    ${name}) compadd -- ${optionsOf(name).join(' ')} ;;`)
  return `#compdef rollcall
_rollcall() {
  local -a commands=(
${commands.join('\n')}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  if [[ $words[CURRENT] != -* ]]; then _files; return; fi
  case $words[2] in
${cases.join('\n')}
  esac
}
compdef _rollcall rollcall
`
}

function fish(listed: Listed): string {
  const first = listed.map(
    ([name, about]) => `complete -c rollcall -n __fish_use_subcommand -f -a ${name} -d ${quoted(about)}`,
  )
  const options = listed.flatMap(([name]) =>
    optionsOf(name).map(
      (option) => `complete -c rollcall -n '__fish_seen_subcommand_from ${name}' -l ${option.slice(2)}`,
    ),
  )
  return `${[...first, ...options].join('\n')}\n`
}
