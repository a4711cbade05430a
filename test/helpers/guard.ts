import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'

/**
 * Reads `+pid` and `-pid` until nobody writes any more, which is when the process of the test has ended, however it did; then it ends
 * those that are left. A program of its own, as small as there is: a process that is killed ends nobody.
 */
const GUARD = `
left=' '
while read -r sign pid; do
  case $sign in
    +) left="$left$pid " ;;
    -) left="\${left%% $pid *} \${left#* $pid }" ;;
  esac
done
for pid in $left; do kill -KILL "$pid"; done
`

let guard: ChildProcess | undefined

/** The process ends with this one, also where a signal ends this one without a word. */
export function endWithUs(child: ChildProcess): void {
  const { pid } = child
  if (pid === undefined) return
  tell(`+ ${pid}`)
  child.once('exit', () => tell(`- ${pid}`))
}

function tell(line: string): void {
  guard ??= startGuard()
  guard.stdin?.write(`${line}\n`)
}

/** In a group of its own, so that what is sent to that of the tests does not end it first; nobody waits for it. */
function startGuard(): ChildProcess {
  const started = spawn('sh', ['-c', GUARD], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  started.unref()
  for (const one of [started, started.stdin]) one?.on('error', () => undefined)
  if (started.stdin instanceof Socket) started.stdin.unref()
  return started
}
