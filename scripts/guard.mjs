import { spawn } from 'node:child_process'
import { Socket } from 'node:net'

/**
 * Reads `+pid`, `-pid` and `=folder` until nobody writes any more, which is when the process that started it has ended, however it did;
 * then it ends the processes that are left, and removes the folders. A program of its own, as small as there is: a process that is
 * killed ends nobody.
 */
const GUARD = `
left=' '
while read -r sign what; do
  case $sign in
    +) left="$left$what " ;;
    -) left="\${left%% $what *} \${left#* $what }" ;;
    =) set -- "$@" "$what" ;;
  esac
done
for pid in $left; do kill -KILL "$pid"; done
if [ $# -gt 0 ]; then rm -rf -- "$@" || { sleep 1; rm -rf -- "$@"; }; fi
`

/** @type {import('node:child_process').ChildProcess | undefined} */
let guard

/**
 * The process ends with this one, also where a signal ends this one without a word.
 * @param {import('node:child_process').ChildProcess} child
 */
export function endWithUs(child) {
  const { pid } = child
  if (pid === undefined) return
  tell(`+ ${pid}`)
  child.once('exit', () => tell(`- ${pid}`))
}

/**
 * The folder is removed when this process has ended, however it did.
 * @param {string} folder
 */
export function removeWithUs(folder) {
  tell(`= ${folder}`)
}

/** @param {string} line */
function tell(line) {
  guard ??= startGuard()
  guard.stdin?.write(`${line}\n`)
}

/** In a group of its own, so that what is sent to that of this process does not end it first; nobody waits for it. */
function startGuard() {
  const started = spawn('sh', ['-c', GUARD], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  started.unref()
  for (const one of [started, started.stdin]) one?.on('error', () => undefined)
  if (started.stdin instanceof Socket) started.stdin.unref()
  return started
}
