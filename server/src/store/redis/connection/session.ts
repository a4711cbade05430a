import { settle } from './settled.ts'
import { type Answer, NotSentError, type Wire } from './wire.ts'

/** How long Redis waits for its replicas. */
const WAIT_MS = 500

type Args = readonly (string | Buffer)[]

export type SessionOptions = {
  /** Makes a connection that is not open yet. */
  readonly connect: (onLost: () => void) => Wire
  /** Done on each connection before anything else is sent over it. Returns which run of which Redis is there. */
  readonly greet: (wire: Wire) => Promise<Run>
  /** How many replicas have what is durable before it counts as done. 0: nobody is waited for. */
  readonly replicas: number
  /** Told once. */
  readonly onLost: () => void
  /** Whether all that a run had carried out by now has as many copies as asked for. Asked where `WAIT` was cut off. */
  readonly isKept?: (run: Run) => Promise<boolean>
}

/** Which run of which Redis it is, and what it calls the history that it writes while it is a primary. */
export type Run = { readonly id: string; readonly history: string }

/** What was sent. */
export type Carried = {
  readonly answer: Promise<Answer>
  /** Later than the answer: whether there are as many copies of what it did as asked for. */
  readonly haveCopies: Promise<boolean>
}

type Forming = {
  readonly args: Args
  readonly onSent: (answer: Promise<Answer>) => void
  readonly onCopies: (areEnough: boolean) => void
}

/**
 * The connections to one run of one Redis: where one is lost nothing more is sent over either. With replicas what is durable has one of its own, one group
 * under way at a time, `[FCALL …, WAIT]`: `WAIT` tells of what was written before over the same connection, and keeps
 * whatever comes after it waiting.
 */
export class Session {
  readonly #options: SessionOptions
  #quick: Wire | undefined
  #durable: Wire | undefined
  #isOpen = false
  #isLost = false
  #run: Run | undefined
  #isKept: Promise<boolean> | undefined
  #forming: Forming[] = []
  #isWaiting = false

  constructor(options: SessionOptions) {
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  get wire(): Wire | undefined {
    return this.#quick
  }

  /** Where it rejects it is closed. */
  async open(): Promise<void> {
    try {
      const quick = await this.#connect()
      this.#quick = quick.wire
      this.#run = quick.run
      if (this.#options.replicas > 0) {
        const durable = await this.#connect()
        this.#durable = durable.wire
        if (durable.run.id !== quick.run.id)
          throw new Error('Two connections to one address lead to different Redis servers.')
      }
      if (this.#isLost) throw new NotSentError()
      this.#isOpen = true
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Calls a function. */
  carryOut(args: Args, isDurable: boolean): Carried {
    if (!this.#isOpen) return { answer: Promise.reject(new NotSentError()), haveCopies: no() }
    if (isDurable && this.#durable !== undefined) return this.#carryOutDurably(args)
    const answer = this.#quick?.send('FCALL', args) ?? Promise.reject(new NotSentError())
    return { answer, haveCopies: Promise.resolve(true) }
  }

  /** As where it is lost: it is not to be used any more as it is. */
  leave(): void {
    this.#lost()
  }

  /** Idempotent. What was sent and not answered is lost. */
  close(): void {
    this.#isOpen = false
    this.#quick?.close()
    this.#durable?.close()
  }

  #carryOutDurably(args: Args): Carried {
    let onCopies: Forming['onCopies'] = () => undefined
    const haveCopies = new Promise<boolean>((resolve) => {
      onCopies = resolve
    })
    const answer = new Promise<Answer>((resolve) => {
      this.#forming.push({ args, onSent: resolve, onCopies })
    })
    if (!this.#isWaiting) void this.#sendGroups()
    return { answer, haveCopies }
  }

  /** Whatever comes while one is under way is in the next. */
  async #sendGroups(): Promise<void> {
    this.#isWaiting = true
    while (this.#forming.length > 0) {
      // Whoever sends something in this same step is in the first too.
      await Promise.resolve()
      const group = this.#forming
      this.#forming = []
      await this.#sendGroup(group)
    }
    this.#isWaiting = false
  }

  async #sendGroup(group: readonly Forming[]): Promise<void> {
    const { replicas } = this.#options
    const wire = this.#durable
    if (wire === undefined) return
    for (const { args, onSent } of group) onSent(wire.send('FCALL', args))
    const copies = await settle(wire.send('WAIT', [String(replicas), String(WAIT_MS)]))
    // A demoted primary says so, closes the connection a moment later, and carries out nothing that comes meanwhile.
    if (copies.kind === 'failed') this.#lost()
    const areEnough = copies.kind === 'answered' ? Number(copies.answer) >= replicas : this.#areKept()
    for (const { onCopies } of group) void Promise.resolve(areEnough).then(onCopies)
  }

  /** Nobody waits any more: a primary that is demoted unblocks whoever does. Nothing is sent since, so that one answer is of all. */
  #areKept(): Promise<boolean> {
    this.#isKept ??= this.#run === undefined ? no() : (this.#options.isKept?.(this.#run) ?? no())
    return this.#isKept.catch(no)
  }

  async #connect(): Promise<{ readonly wire: Wire; readonly run: Run }> {
    const wire = this.#options.connect(() => this.#lost())
    try {
      await wire.open()
      return { wire, run: await this.#options.greet(wire) }
    } catch (error) {
      wire.close()
      throw error
    }
  }

  /** What is under way over the other one is still answered, as a rule: a demoted primary says that it has not done it. */
  #lost(): void {
    this.#isLost = true
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#quick?.leave()
    this.#durable?.leave()
    this.#options.onLost()
  }
}

function no(): Promise<boolean> {
  return Promise.resolve(false)
}
