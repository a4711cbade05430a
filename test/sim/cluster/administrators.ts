import { RollcallError } from '@rollcall/protocol/error-code'
import type { EntryName } from '../../../server/src/auth/auth.ts'
import type { RecordedCall, Recorder } from '../../history/recorder.ts'
import type { Dice } from '../dice.ts'
import type { ServiceProcess } from './process.ts'

type Answered = { readonly value?: string }
type Ask = (call: RecordedCall, run: () => Promise<Answered>) => Promise<void>

/** What is changed of each: nothing that the rest of the simulation rests on. */
const ENTRIES: readonly (EntryName & { readonly member: 'name' | 'authorities' })[] = [
  { kind: 'organizations', id: 'acme', member: 'name' },
  { kind: 'users', id: 'dora', member: 'authorities' },
  { kind: 'clients', id: 'kiosk', member: 'authorities' },
]

/** Whoever administers has signed in: one that was taken for dead takes nobody's token. */
function admit({ node }: ServiceProcess): void {
  if (!node.cluster.nodes.isMember()) throw new RollcallError('unavailable')
}

/** They change the directory, at whatever process, and look at it at any other. */
export class Administrators {
  readonly #recorder: Recorder
  readonly #dice: Dice
  #values = 0

  constructor(recorder: Recorder, dice: Dice) {
    this.#recorder = recorder
    this.#dice = dice
  }

  /** As `PATCH`, by the `ETag` that this process shows. */
  change(process: ServiceProcess, ask: Ask): void {
    const { auth } = process
    if (auth === undefined) return
    const { member, ...name } = this.#dice.pick(ENTRIES)
    const value = `v${++this.#values}`
    const call = this.#recorder.begin({ op: 'change_entry', entry: `${name.kind}/${name.id}`, value })
    void ask(call, async () => {
      admit(process)
      const { revision = 0 } = auth.directory.find(null, name)
      const members = { [member]: member === 'name' ? value : [value] }
      await auth.directory.change(null, name, members, revision)
      return {}
    })
  }

  look(process: ServiceProcess, ask: Ask): void {
    const { auth } = process
    if (auth === undefined) return
    const { member, ...name } = this.#dice.pick(ENTRIES)
    const call = this.#recorder.begin({ op: 'find_entry', entry: `${name.kind}/${name.id}` })
    void ask(call, async () => {
      admit(process)
      const { entry } = auth.directory.find(null, name)
      return { value: String(entry[member]) }
    })
  }
}
