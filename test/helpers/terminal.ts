import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const END = '\u0001end'

/**
 * What the guides tell people to type and a test has in the checkout: nothing is fetched from a network. `npm install`
 * of a package's name links the workspace's own; that of files is npm's own, offline.
 */
const COMMANDS = `
npm() {
  case "$1" in
    start) shift; [ "$1" != -- ] || shift; "$NODE" "$ROOT/server/dist/main.js" "$@" ;;
    install) case "$2" in
      ./*) command npm "$@" ;;
      *) mkdir -p node_modules; shift; for name; do ln -s "$ROOT/node_modules/$name" "node_modules/$name"; done ;;
    esac ;;
    *) command npm "$@" ;;
  esac
}
npx() { [ "$1" != --yes ] || shift; local tool="$1"; shift; "$ROOT/node_modules/.bin/$tool" "$@"; }
rollcall() { "$NODE" "$ROOT/cli/dist/main.js" "$@"; }
node() { "$NODE" "$@"; }
cd "$ROOT"
`

/** A machine with the one service \`rollcall\` of the guides: as much of it as they use, for one user. */
const SERVICE = `
sudo() { [ "$1" != -u ] || shift 2; "$@"; }
chown() { :; }
systemctl() {
  case "$1" in
    start) env $(cat "$HOME/etc/rollcall/env") "$NODE" "$ROOT/server/dist/main.js" >> "$HOME/journal" 2>&1 &
      SERVICE=$!
      until "$NODE" -e 'fetch(process.argv[1]).then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))' "$ROLLCALL_URL/health/ready"
      do kill -0 $SERVICE || return 1; done ;;
    stop) kill $SERVICE; wait $SERVICE ;;
    restart) systemctl stop && systemctl start ;;
  esac
}
`

/** A shell as a reader of the guides has it open: variables and the folder stay from one command to the next. */
export class Terminal {
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>
  #stdout = ''
  #stderr = ''

  /** @param home stands for the reader's home folder */
  constructor(home: string, env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn('bash', ['--noprofile', '--norc'], {
      env: {
        PATH: process.env['PATH'],
        HOME: home,
        ROOT,
        NODE: process.execPath,
        npm_config_offline: 'true',
        npm_config_audit: 'false',
        npm_config_fund: 'false',
        npm_config_update_notifier: 'false',
        ...env,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    })
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      this.#stdout += chunk.toString()
    })
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString()
    })
    // One that has ended says so by what it has not written.
    this.#child.stdin?.on('error', () => {})
    this.#closed = once(this.#child, 'close')
    this.#child.stdin?.write(COMMANDS + SERVICE)
  }

  /** Everything that the commands have written so far. */
  output(): string {
    return this.#stdout + this.#stderr
  }

  /** Runs commands to their end; what they write to standard output, their last status, and the rest. */
  async run(
    code: string,
  ): Promise<{ readonly stdout: string; readonly stderr: string; readonly status: number }> {
    const [out, err] = [this.#stdout.length, this.#stderr.length]
    this.#child.stdin?.write(`{\n${code}\n} < /dev/null\nprintf '${END} %s\\n' $?\n`)
    const ended = new RegExp(`${END} (\\d+)\\n`)
    while (!ended.test(this.#stdout.slice(out))) {
      const more = once(this.#child.stdout ?? this.#child, 'data')
      if ((await Promise.race([more, this.#closed.then(() => undefined)])) === undefined)
        throw new Error(`the shell has ended:\n${this.output()}`)
    }
    const stdout = this.#stdout.slice(out)
    return {
      stdout: stdout.replace(ended, ''),
      stderr: this.#stderr.slice(err),
      status: Number(ended.exec(stdout)?.[1]),
    }
  }

  /** Starts commands that stay. Their input is open as long as the terminal is: some programs end with it. */
  start(code: string): void {
    this.#child.stdin?.write(`{\n${code}\n}\n`)
  }

  /** Ends it with all that it runs: as Ctrl-C would, or at once. */
  async close(signal: 'SIGINT' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    const { pid, exitCode, signalCode } = this.#child
    if (pid === undefined || exitCode !== null || signalCode !== null) return
    process.kill(-pid, signal)
    this.#child.stdin?.end()
    await this.#closed
  }
}
