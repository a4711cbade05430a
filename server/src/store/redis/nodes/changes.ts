import type { Clock, Timer } from '../../../clock/clock.ts'
import { isYes, list, number, text } from '../connection/answers.ts'
import type { Functions } from '../connection/functions.ts'
import { CONTROL } from '../connection/partitions.ts'
import type { Answer } from '../connection/wire.ts'

/** How often it is asked what others have changed, milliseconds; a notice only makes it sooner. */
const ASK_EVERY_MS = 300

/** One of the lists that every process holds, or the directory. */
export type Watched = {
  /** Others have changed these: keys, each with what is there now, or nothing. */
  onChanged(revision: number, items: readonly (readonly [key: Answer, item: Answer])[]): void
  /** Too much has changed to be told of one by one: all is to be read. */
  onMissed(): Promise<void>
}

/** What other processes change of lists and directory, in its order: asked for again and again, so that nothing is missed. */
export class Changes {
  readonly #functions: Functions
  readonly #watched = new Map<string, Watched>()
  /** Numbers of this process's own changes, of which its listeners have heard. */
  readonly #own = new Set<number>()
  readonly #timer: Timer
  /** Told when this process has changed something, so that it tells the others. */
  onOwn: () => void = () => undefined
  #after = ''
  #asking: Promise<void> | undefined
  #mustAskAgain = false

  constructor(functions: Functions, clock: Pick<Clock, 'every'>) {
    this.#functions = functions
    this.#timer = clock.every(ASK_EVERY_MS, () => this.ask())
  }

  /** From here on everything is told of. */
  async begin(): Promise<void> {
    const [newest] = list(await this.#functions.call('quick', 'changes', CONTROL, [this.#after]))
    this.#after = text(newest)
  }

  watch(name: string, watched: Watched): void {
    this.#watched.set(name, watched)
  }

  own(number: number): void {
    if (number > Number(this.#after)) this.#own.add(number)
    this.onOwn()
  }

  /** Now. */
  ask(): void {
    if (this.#asking !== undefined) {
      this.#mustAskAgain = true
      return
    }
    this.#asking = this.#ask()
      .catch(() => undefined)
      .finally(() => {
        this.#asking = undefined
        if (!this.#mustAskAgain) return
        this.#mustAskAgain = false
        this.ask()
      })
  }

  /** @throws RollcallError `unavailable` */
  async catchUp(): Promise<void> {
    await this.#asking
    await this.#ask()
  }

  get idle(): Promise<void> {
    return this.#asking ?? Promise.resolve()
  }

  close(): void {
    this.#timer.cancel()
  }

  async #ask(): Promise<void> {
    const answer = list(await this.#functions.call('quick', 'changes', CONTROL, [this.#after]))
    const [newest, isComplete, rows] = answer
    if (isYes(isComplete)) for (const row of list(rows)) this.#tell(list(row))
    else await Promise.all([...this.#watched.values()].map((watched) => watched.onMissed()))
    this.#after = text(newest)
    for (const one of this.#own) if (one <= Number(this.#after)) this.#own.delete(one)
  }

  #tell([sequence, name, revision, items]: readonly Answer[]): void {
    if (this.#own.has(number(sequence))) return
    const rows = list(items)
    const pairs = Array.from({ length: rows.length / 2 }, (_, index) => {
      const [key = null, item = null] = rows.slice(2 * index, 2 * index + 2)
      return [key, item] as const
    })
    this.#watched.get(text(name))?.onChanged(number(revision), pairs)
  }
}
