import { type Settled, settle } from './settled.ts'
import type { Answer, Wire } from './wire.ts'

/** How long Redis waits for its replicas. */
const WAIT_MS = 500

type Args = readonly (string | Buffer)[]

export type SessionOptions = {
  /** Makes a connection that is not open yet. */
  readonly connect: (onLost: () => void) => Wire
  /** Done on each connection before anything else is sent over it. Returns which run of which Redis is there. */
  readonly greet: (wire: Wire) => Promise<string>
  /** How many replicas have what is durable before it counts as done. 0: nobody is waited for. */
  readonly replicas: number
  /** Told once. */
  readonly onLost: () => void
}

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
 * The connections to one run of one Redis, which live and die together. With replicas what is durable has one of its own, one group
 * under way at a time, `[FCALL …, WAIT]`: `WAIT` tells of what was written before over the same connection, and keeps
 * whatever comes after it waiting.
 */
export class Session {
  readonly #options: SessionOptions
  #quick: Wire | undefined
  #durable: Wire | undefined
  #isOpen = false
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
      if (this.#options.replicas > 0) {
        const durable = await this.#connect()
        this.#durable = durable.wire
        if (durable.run !== quick.run)
          throw new Error('Two connections to one address lead to different Redis servers.')
      }
      this.#isOpen = true
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Calls a function. */
  carryOut(args: Args, isDurable: boolean): Carried {
    if (!this.#isOpen) return { answer: Promise.reject(new Error('It is closed.')), haveCopies: no() }
    if (isDurable && this.#durable !== undefined) return this.#carryOutDurably(args)
    const answer = this.#quick?.send('FCALL', args) ?? Promise.reject(new Error('It is closed.'))
    return { answer, haveCopies: Promise.resolve(true) }
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
    for (const { onCopies } of group) onCopies(areAtLeast(copies, replicas))
  }

  async #connect(): Promise<{ readonly wire: Wire; readonly run: string }> {
    const wire = this.#options.connect(() => this.#lost())
    try {
      await wire.open()
      return { wire, run: await this.#options.greet(wire) }
    } catch (error) {
      wire.close()
      throw error
    }
  }

  #lost(): void {
    const wasOpen = this.#isOpen
    this.close()
    if (wasOpen) this.#options.onLost()
  }
}

function areAtLeast(copies: Settled, replicas: number): boolean {
  return copies.kind === 'answered' && Number(copies.answer) >= replicas
}

function no(): Promise<boolean> {
  return Promise.resolve(false)
}
