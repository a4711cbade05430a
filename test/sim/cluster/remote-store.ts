import { RollcallError } from '@rollcall/protocol/error-code'
import type { Clock } from '../../../server/src/clock/clock.ts'
import type { OnTiding, Store } from '../../../server/src/store/store.ts'
import type { ProcessClock } from '../../helpers/process-clock.ts'
import type { Dice } from '../dice.ts'

/** Longest way to the store, and back, milliseconds. */
const WAY_MS_MAX = 3
/** Longest time until a process has heard that the directory was changed by another, milliseconds. */
const NOTICE_MS_MAX = 300

/** How the connection to the store is; shared by all who have one. */
export type StoreWeather = {
  /** In per cent: the operation comes about, and its answer does not come. */
  answersLost: number
  /** In per cent: the operation does not come about, and whoever called it does not know. */
  callsLost: number
}

export type RemoteStoreOptions = {
  readonly clock: Clock
  readonly own: ProcessClock
  readonly dice: Dice
  readonly weather: StoreWeather
  /** The store as this process has it; tidings of an operation come back with its answer. */
  readonly open: (onTiding: OnTiding) => Store
  readonly carry: OnTiding
}

type Told = Parameters<OnTiding>
type SharedPort = Store['revokedTokens'] | Store['revokedUsers'] | Store['signingKeys']

/**
 * A store on another machine: what a process asks gets there after a while and in order, whether or not the process lives on,
 * and the answer comes back to one that runs. Answers get lost.
 */
export function remoteStore(options: RemoteStoreOptions): Store {
  const { clock, own, dice, weather, carry } = options
  let arrivesAtMs = 0
  let answersAtMs = 0
  let telling: Told[] = []
  const store = options.open((...told) => void telling.push(told))

  /** One after the other, as over one connection. */
  function go(run: () => void): void {
    arrivesAtMs = Math.max(arrivesAtMs, clock.monotonicMs() + dice.roll(WAY_MS_MAX + 1))
    clock.after(arrivesAtMs - clock.monotonicMs(), run)
  }
  function comeBack(run: () => void): void {
    answersAtMs = Math.max(answersAtMs, clock.monotonicMs() + dice.roll(WAY_MS_MAX + 1))
    clock.after(answersAtMs - clock.monotonicMs(), () => own.enter(run))
  }
  function call(target: object, method: (...args: unknown[]) => unknown, args: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const lose = () => comeBack(() => reject(undecided()))
      if (dice.chance(weather.callsLost)) return lose()
      go(() => {
        telling = []
        const answer = method.apply(target, args) as Promise<unknown>
        const told = telling
        if (dice.chance(weather.answersLost)) {
          answer.catch(() => undefined)
          return lose()
        }
        answer.then(
          (value) =>
            comeBack(() => {
              for (const [node, tiding] of told) carry(node, tiding)
              resolve(value)
            }),
          (error) => comeBack(() => reject(error)),
        )
      })
    })
  }
  const remotePort = <Port extends object>(port: Port, sync: Partial<Port> = {}): Port => {
    const methods = Object.entries(port).map(([name, method]) => [
      name,
      (...args: unknown[]) => call(port, method, args),
    ])
    return { ...Object.fromEntries(methods), ...sync }
  }
  const heard = <Listener extends (...args: never[]) => void>(listener: Listener) =>
    ((...args: Parameters<Listener>) => comeBack(() => listener(...args))) as Listener
  const list = <Port extends SharedPort>(port: Port) =>
    remotePort(port, {
      onChange: (listener: never) => port.onChange(heard(listener)),
      // Read at the start, together with what takes real time: it must not tell how long that takes.
      list: () => port.list(),
    } as unknown as Partial<Port>)
  const { history, feed, neighbours } = store
  return {
    ...store,
    registrations: remotePort(store.registrations),
    links: remotePort(store.links),
    mailboxes: remotePort(store.mailboxes),
    calls: remotePort(store.calls),
    replies: remotePort(store.replies),
    // What is gathered goes with what comes next; a process that dies before has lost it.
    history: remotePort(history, {
      add: (draft, endpoints) => go(() => history.add(draft, endpoints)),
      note: (entry, outcome) => go(() => history.note(entry, outcome)),
    }),
    feed: remotePort(feed, { onAdded: (listener) => feed.onAdded(heard(listener)) }),
    webhooks: remotePort(store.webhooks),
    deadLetters: remotePort(store.deadLetters),
    refreshFamilies: remotePort(store.refreshFamilies),
    revokedTokens: list(store.revokedTokens),
    revokedUsers: list(store.revokedUsers),
    signingKeys: list(store.signingKeys),
    directory: remotePort(store.directory, lateDirectory(store.directory, options)),
    lastSeen: remotePort(store.lastSeen),
    users: remotePort(store.users),
    ...(neighbours && { neighbours: remotePort(neighbours, { partOf: neighbours.partOf }) }),
    sweep: (max) =>
      call(store, store.sweep as (...args: unknown[]) => unknown, [max]) as ReturnType<Store['sweep']>,
  }
}

/** Read at once, as lists are at the start; what others change comes in order, and late. */
function lateDirectory(
  { read, onChange }: Store['directory'],
  { clock, own, dice }: RemoteStoreOptions,
): Pick<Store['directory'], 'read' | 'onChange'> {
  let arrivesAtMs = 0
  return {
    read: () => own.hear(read()),
    onChange: (listener) =>
      onChange((step) => {
        arrivesAtMs = Math.max(arrivesAtMs, clock.monotonicMs() + dice.roll(NOTICE_MS_MAX))
        clock.after(arrivesAtMs - clock.monotonicMs(), () => own.enter(() => listener(step)))
      }),
  }
}

function undecided(): RollcallError {
  return new RollcallError('unavailable', 'The store did not answer.', { isUndecided: true })
}
