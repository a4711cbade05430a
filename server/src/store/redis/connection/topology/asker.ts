import { type Answer, ReplyError, type Wire } from '../wire.ts'

/** How long an answer is waited for, milliseconds: others may know as well. */
const PATIENCE_MS = 500

export type AskerOptions = {
  /** Makes a connection that is not open yet; `asGuest`: without name and password. */
  readonly connect: (onLost: () => void, asGuest: boolean) => Wire
  readonly sleep: (ms: number) => Promise<void>
  /** Whether it is tried without name and password first: sentinels often have none. */
  readonly isGuestFirst: boolean
}

/** Asks one server what it knows, over a connection of its own that is kept as long as it answers. */
export class Asker {
  readonly #options: AskerOptions
  #wire: Wire | undefined
  #asGuest: boolean

  constructor(options: AskerOptions) {
    this.#options = options
    this.#asGuest = options.isGuestFirst
  }

  /** @throws Error where it does not answer in time, or with an error */
  async ask(command: string, args: readonly string[]): Promise<Answer> {
    let isLate = false
    const late = this.#options.sleep(PATIENCE_MS).then(() => {
      isLate = true
      throw new Error('It has not answered in time.')
    })
    const answer = this.#ask(command, args)
    answer.catch(() => undefined)
    late.catch(() => undefined)
    try {
      return await Promise.race([answer, late])
    } catch (error) {
      if (isLate || !(error instanceof ReplyError)) this.close()
      throw error
    }
  }

  close(): void {
    this.#wire?.close()
    this.#wire = undefined
  }

  async #ask(command: string, args: readonly string[]): Promise<Answer> {
    try {
      return await (await this.#open()).send(command, args)
    } catch (error) {
      if (!this.#asGuest || !(error instanceof ReplyError) || !error.message.startsWith('NOAUTH')) throw error
      this.#asGuest = false
      this.close()
      return (await this.#open()).send(command, args)
    }
  }

  async #open(): Promise<Wire> {
    if (this.#wire !== undefined) return this.#wire
    const wire: Wire = this.#options.connect(() => {
      if (this.#wire === wire) this.#wire = undefined
    }, this.#asGuest)
    this.#wire = wire
    await wire.open()
    return wire
  }
}
