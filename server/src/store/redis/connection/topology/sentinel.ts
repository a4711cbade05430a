import { list, text } from '../answers.ts'
import type { Address } from '../wire.ts'
import type { Asker } from './asker.ts'
import { at } from './cluster-nodes.ts'
import { type Finder, type Plan, planOfOne } from './plan.ts'

type Word = { readonly host: string; readonly port: number; readonly epoch: number }

/** Finds out from sentinels which Redis is the primary: whoever knows of the newest change is believed. */
export class SentinelFinder implements Finder {
  readonly #master: string
  readonly #model: Address
  readonly #askers: readonly Asker[]

  constructor(master: string, model: Address, askers: readonly Asker[]) {
    this.#master = master
    this.#model = model
    this.#askers = askers
  }

  async find(): Promise<Plan> {
    const words = await Promise.allSettled(this.#askers.map((asker) => this.#ask(asker)))
    const heard = words.flatMap((word) => (word.status === 'fulfilled' ? [word.value] : []))
    const [newest] = heard.sort((a, b) => b.epoch - a.epoch)
    if (newest === undefined) throw words.find((word) => word.status === 'rejected')?.reason
    return planOfOne(at(this.#model, newest))
  }

  close(): void {
    for (const asker of this.#askers) asker.close()
  }

  async #ask(asker: Asker): Promise<Word> {
    const rows = list(await asker.ask('SENTINEL', ['MASTER', this.#master])).map(text)
    const fieldOf = (name: string) => rows[rows.indexOf(name) + 1] ?? ''
    return { host: fieldOf('ip'), port: Number(fieldOf('port')), epoch: Number(fieldOf('config-epoch')) }
  }
}
