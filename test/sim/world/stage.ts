import type { Random } from '../../../server/src/clock/clock.ts'
import { createFakeClock, type FakeClock, seededRandom } from '../../helpers/fake-clock.ts'
import { MemoryDisk } from '../../helpers/memory-disk.ts'
import type { Operation, Result } from '../../history/lines.ts'
import { AnswersLedger } from '../answers-ledger.ts'
import type { Device, Life } from '../device.ts'
import { createDice, type Dice } from '../dice.ts'
import { Ledger, Violation } from '../ledger.ts'
import { ReceiptsLedger } from '../receipts-ledger.ts'
import { SignIns } from '../sign-ins.ts'
import { SimHistory, type WriteLine } from '../sim-history.ts'
import { EVENTS, WebhookReceivers, webhookNameOf } from '../webhook-receivers.ts'
import { makeDevices } from './devices.ts'
import type { Service } from './service.ts'
import { emptyTally } from './tally.ts'

/** Planted in every masked event: it must never be on the disk in clear. */
export const SECRET = '4111-1111-SECRET'
export const FOREVER_MS = 9_000_000_000_000
export const MAILBOX_EVENTS_MAX = 100_000

/** What everything that happens in one simulation has to do with: its time, its disk, who is there, and what is owed. */
export class Stage {
  readonly tally = emptyTally()
  readonly clock: FakeClock = createFakeClock()
  readonly dice: Dice
  readonly random: Random
  readonly disk: MemoryDisk
  readonly ledger = new Ledger()
  readonly receipts = new ReceiptsLedger()
  readonly answers = new AnswersLedger()
  /** Events that rang at a device, and that it may answer. */
  readonly rung = new Map<Device, string[]>()
  readonly devices: readonly Device[]
  readonly webhooks: WebhookReceivers
  readonly signIns: SignIns
  /** What clients see, for whoever judges it. */
  readonly history: SimHistory
  service: Service | undefined
  /** One whose place was taken, and that may still answer. */
  former: Service | undefined
  step = 0
  /** Jumps ahead that are not taken back yet: meanwhile lifetimes look over. */
  aheads = 0
  diskRepairedAtUpMs = Number.NEGATIVE_INFINITY
  isDiskStalled = false
  wentOnAtUpMs = Number.NEGATIVE_INFINITY
  violation: unknown
  /** Called for each commit that failed. */
  onRefused = (): void => undefined
  /** Monotonic time spent down, so that uptime can be told. */
  #downMs = 0

  constructor(seed: number, write: WriteLine) {
    const { clock } = this
    const fail = (error: unknown): void => this.fail(error)
    this.history = new SimHistory(write, () => clock.monotonicMs(), {
      source: `simulation, seed ${seed}`,
      webhooks: ['acme', 'globex'].map((id) => ({ name: webhookNameOf(id), types: [...EVENTS] })),
      // As long as a disk refuses.
      settings: { lateEffectMs: 30_000, mailboxEventsMax: MAILBOX_EVENTS_MAX },
    })
    this.dice = createDice(seed)
    this.random = seededRandom(`world ${seed}`)
    const { dice, random } = this
    const inspect = (bytes: Uint8Array): void => {
      if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(SECRET))
        fail(new Violation('a masked value is on the disk in clear'))
    }
    this.disk = new MemoryDisk({ time: { clock, dice }, inspect })
    this.devices = makeDevices(this)
    const around = { clock, random, dice, fail }
    this.webhooks = new WebhookReceivers({
      ...around,
      onTold: (webhook, event) => this.history.told(webhook, event),
    })
    this.signIns = new SignIns(around)
  }

  upMs(): number {
    return this.clock.monotonicMs() - this.#downMs
  }

  wasDownFor(ms: number): void {
    this.#downMs += ms
  }

  fail(error: unknown): void {
    this.violation ??= error
  }

  guard(check: () => void): void {
    try {
      check()
    } catch (error) {
      this.fail(error)
    }
  }

  ask<Answer>(
    service: Service,
    operation: Operation,
    ask: () => Promise<Answer>,
    resultOf?: (answer: Answer) => Result,
  ): Promise<Answer> {
    return this.history.ask(service, operation, ask, resultOf)
  }

  /** What a process says after its death nobody hears. */
  hear(service: Service, check: () => void): void {
    if (service === this.service) this.guard(check)
  }

  isAlive(life: Life): boolean {
    return this.upMs() < life.aliveSinceUpMs + life.keepAliveSeconds * 1000
  }

  alive(): readonly Life[] {
    return this.devices.flatMap(({ life }) => (life !== undefined && this.isAlive(life) ? [life] : []))
  }

  /** Lives that the server surely knows and that have not come to their time. */
  certain(devices: readonly Device[]): readonly Life[] {
    return devices.flatMap(({ life, isBusy }) =>
      life !== undefined && !isBusy && this.isAlive(life) ? [life] : [],
    )
  }

  /** Whoever lived when nobody could be heard, or nothing be written, any more has a full period from its end. */
  giveFullPeriod(alive: readonly Life[]): void {
    for (const life of alive) life.aliveSinceUpMs = this.upMs()
  }
}
