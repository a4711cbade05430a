import type { Clock } from '../../clock/clock.ts'
import type { StoreLog } from '../store-log.ts'
import type { Item, Put } from './items.ts'
import { Numbering } from './numbering.ts'
import { readStream, StreamError } from './stream-reader.ts'
import { type Counts, type Highest, StreamWriter } from './stream-writer.ts'

/** A store that nobody serves, from which everything is taken that a restart keeps. */
export interface MoveSource {
  /** `undefined`: there is nothing in it. */
  highest(): Promise<Highest | undefined>
  /** Hands over every item, in the order of `ITEMS`. */
  send(put: Put): Promise<void>
  close(): Promise<void>
}

/** What a target knows of a stream before it gets its items. */
export type TargetOptions = {
  readonly highest: Highest
  readonly numbering: Numbering
  /** Names the content of the stream. */
  readonly sha256: string
}

/** A store that is being filled, and that no server opens before it is whole. */
export interface MoveTarget {
  /** In the order of the stream, entries numbered anew. */
  take(item: Item): Promise<void>
  /** The store is whole, and durable. */
  finish(): Promise<void>
}

/** Opens a target for one stream, or says why not. */
export interface MovePlace {
  /** @throws Error where it is not empty, or a server has it */
  open(options: TargetOptions): Promise<MoveTarget>
  close(): Promise<void>
}

type Around = {
  readonly file: string
  readonly clock: Pick<Clock, 'wallMs' | 'monotonicMs'>
  readonly log: StoreLog
}

/** The id of the sealing key that bytes were sealed with. */
type KeyIdOf = (sealed: Uint8Array) => string | undefined

/** What was moved. */
export type MoveReport = { readonly items: number; readonly counts: Counts; readonly sha256: string }

/** How often it is told how far it is, milliseconds. */
const TOLD_EVERY_MS = 2_000

/** Says now and then how far it is. */
class Progress {
  readonly #around: Around
  readonly #line: string
  #toldAtMs: number
  items = 0

  constructor(around: Around, line: string) {
    this.#around = around
    this.#line = line
    this.#toldAtMs = around.clock.monotonicMs()
  }

  step(): void {
    this.items++
    const { clock, log } = this.#around
    if (this.items % 256 !== 0 || clock.monotonicMs() - this.#toldAtMs < TOLD_EVERY_MS) return
    this.#toldAtMs = clock.monotonicMs()
    log.info(this.#line, { items: this.items })
  }
}

/**
 * Writes all that a source has into a file.
 *
 * @throws Error where the file is there, or the source is empty
 */
export async function exportStore(
  source: MoveSource,
  around: Around & { readonly product: string },
): Promise<MoveReport> {
  const { file, clock, product } = around
  const highest = await source.highest()
  if (highest === undefined) throw new Error('There is no store to export.')
  const writer = new StreamWriter(file, { product, madeAtWallMs: clock.wallMs(), highest })
  const progress = new Progress(around, 'exporting')
  try {
    await source.send((kind, item) => {
      writer.put(kind, item)
      progress.step()
    })
    return { items: writer.items, ...writer.end() }
  } catch (error) {
    writer.abandon()
    throw error
  }
}

/**
 * Fills a place with what is in a file. All of the file is read before anything is written.
 *
 * @param keyIds the sealing keys that the target has
 * @param keyIdOf which key something was sealed with; `undefined`: nobody can say
 * @throws StreamError where the file is not whole, or not as it was written
 * @throws Error where something in it was sealed with a key that is not there, or the place is not empty
 */
export async function importStore(
  place: MovePlace,
  around: Around & { readonly keyIds: readonly string[]; readonly keyIdOf: KeyIdOf },
): Promise<MoveReport> {
  const { file, keyIds, keyIdOf } = around
  const numbering = new Numbering()
  const sealedBy = new Set<string>()
  const counts: { [kind: string]: number } = {}
  const reading = new Progress(around, 'reading')
  const { head, sha256 } = await readStream(file, (item) => {
    counts[item[0]] = (counts[item[0]] ?? 0) + 1
    numbering.look(item)
    for (const sealed of sealedIn(item)) sealedBy.add(keyIdOf(sealed) ?? 'unknown')
    reading.step()
  })
  assertKeys(sealedBy, keyIds)
  numbering.settle(head.highest.sequence)
  const target = await place.open({ highest: head.highest, numbering, sha256 })
  const writing = new Progress(around, 'importing')
  const again = await readStream(file, async (item) => {
    await target.take(numbering.renumbered(item))
    writing.step()
  })
  if (again.sha256 !== sha256) throw new StreamError(`${file} was changed while it was read.`)
  await target.finish()
  return { items: writing.items, counts, sha256 }
}

function assertKeys(sealedBy: ReadonlySet<string>, keyIds: readonly string[]): void {
  const missing = [...sealedBy].filter((keyId) => !keyIds.includes(keyId))
  if (missing.length === 0) return
  throw new Error(
    `What is in it was sealed with another key (${missing.join(', ')}; here is ${keyIds.join(', ')}). Give the source's key: its sealing.key in DATA_DIR, SEALING_KEY, or FORMER_SEALING_KEY.`,
  )
}

/** What in an item is sealed. */
function sealedIn([kind, item]: Item): readonly Uint8Array[] {
  switch (kind) {
    case 'entry':
      return item.sealed ? [item.payload] : []
    case 'race':
      return item.cancel.sealed ? [item.cancel.payload] : []
    case 'call':
      return item.cancel?.sealed === true ? [item.cancel.payload] : []
    case 'registration':
      return item.wakeUp === undefined ? [] : [item.wakeUp]
    case 'signingKey':
      return [Buffer.from(item.concealed, 'base64')]
    default:
      return []
  }
}
