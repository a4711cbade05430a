import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { within } from '../machine/time.ts'

const STOP_TIMEOUT_MS = 20_000
const OUTPUT_CHARACTERS_MAX = 4_096

/** A process of ours. */
export class Child {
  readonly process: ChildProcess
  readonly pid: number
  readonly #isGroup: boolean
  #output = ''
  #isStopping = false
  /** Rejects when it ends without having been told to; never resolves. */
  readonly failed: Promise<never>

  constructor(name: string, process: ChildProcess, isGroup: boolean) {
    this.#isGroup = isGroup
    if (process.pid === undefined) throw new Error(`${name} could not be started`)
    this.process = process
    this.pid = process.pid
    process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#output = (this.#output + text).slice(-OUTPUT_CHARACTERS_MAX)
    })
    this.failed = new Promise((_, reject) => {
      process.once('error', reject)
      process.once('close', (code, signal) => {
        if (!this.#isStopping) reject(new Error(`${name} ended (${signal ?? code})\n${this.#output}`))
      })
    })
    this.failed.catch(() => {})
  }

  /** The same as `promise`, but rejects as soon as the process has failed. */
  during<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.failed])
  }

  /** With what it has started, where it is the first of a group. Synchronous. */
  killAll(): void {
    try {
      process.kill(this.#isGroup ? -this.pid : this.pid, 'SIGKILL')
    } catch {
      // It has ended already.
    }
  }

  /** Sends the signal and waits for the end; one that does not end is killed. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#isStopping = true
    if (this.process.exitCode !== null || this.process.signalCode !== null) return
    const ended = once(this.process, 'exit')
    this.process.kill(signal)
    await within(STOP_TIMEOUT_MS, 'the end of a process', ended).catch(() => this.process.kill('SIGKILL'))
  }
}

/** Every process that the benchmark has started: none outlives it. */
export class Children {
  readonly #running = new Set<Child>()

  start(name: string, program: string, args: readonly string[], options: SpawnOptions): Child {
    const child = new Child(name, spawn(program, args, options), options.detached === true)
    this.#running.add(child)
    child.process.once('exit', () => this.#running.delete(child))
    return child
  }

  /** Synchronous, for the very end of the process. */
  killAll(): void {
    for (const child of this.#running) child.killAll()
  }
}
