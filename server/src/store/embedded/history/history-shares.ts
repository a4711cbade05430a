import { encodeFields, FieldReader } from '../fields.ts'
import { Heap } from '../heap.ts'
import { digestKey } from '../keys.ts'
import type { RowChange, Rows } from '../rows.ts'
import { NOBODY, type ToldBlock } from './history-owners.ts'
import { pageOf } from './outcome-pages.ts'

/** Names in the heap that have changed since, for each that has not, before it is made anew. */
const STALE_MAX = 2
const STALE_LEAST = 64

/** What an organization has in the history's closed blocks. */
type Organization = {
  readonly id: string
  bytes: number
  /** Its records with smaller ids were dropped. */
  fromRecordId: number
  /** No block before this one has any of its records. */
  fromBlock: number
}

/** A closed block of the index, and what is left in it of whom. */
export class KeptBlock {
  readonly number: number
  readonly firstRecordId: number
  readonly endRecordId: number
  firstChunk: number
  chunks: number
  firstSequence: number
  lastSequence: number
  /** What it takes on disk; 0 while it is not told whose it is. */
  bytes = 0
  /** What of that is of organizations that still have it. */
  live = 0
  isTold = false
  /** Pages of outcomes in which something is still to come, where that is known: of the others nothing is noted. */
  openPages: ReadonlySet<number> | undefined
  organizations: Organization[] = []
  /** Bytes of each of those. */
  parts: number[] = []

  constructor(place: Omit<ToldBlock, 'bytes' | 'owners'>) {
    this.number = place.number
    this.firstChunk = place.firstChunk
    this.chunks = place.chunks
    this.firstRecordId = place.firstRecordId
    this.endRecordId = place.endRecordId
    this.firstSequence = place.firstSequence
    this.lastSequence = place.lastSequence
  }

  /** First chunk after it, as far as it had any. */
  get endChunk(): number {
    return this.firstChunk + this.chunks
  }
}

/**
 * Whose the history is: the closed blocks of the index, oldest first, what each organization has in them, and from
 * which record on. It is all in memory and made at the start from a row for each block, so that it cannot part ways
 * with the disk; only from where on an organization's records are kept has rows of its own.
 */
export class HistoryShares {
  readonly #blocks: KeptBlock[] = []
  readonly #organizations = new Map<string, Organization>()
  readonly #cut = new Set<Organization>()
  #heap = new Heap<Organization>()
  #toldBytes = 0
  /** Records up to this mailbox sequence may be gone though older ones are kept. */
  #gapsThrough = 0
  /** Records that went because their organization had the most. */
  evictedBytes = 0

  get blocks(): readonly KeptBlock[] {
    return this.#blocks
  }

  /** What the blocks take of which it is known whose they are. */
  get toldBytes(): number {
    return this.#toldBytes
  }

  /** Whether it is known of every block whose it is. */
  get isTold(): boolean {
    // A former version's come first.
    return this.#blocks[0]?.isTold !== false
  }

  /** The newest block of which it is not known; `undefined`: it is known of all. */
  untold(): KeptBlock | undefined {
    return this.isTold ? undefined : this.#blocks.findLast((block) => !block.isTold)
  }

  /** Reads from where on records are kept: before the first block is added. */
  async load(rows: Rows): Promise<void> {
    await rows.scan('historyShares', (_key, value) => {
      const row = new FieldReader(value)
      const organization = this.#organizationOf(row.text())
      organization.fromRecordId = row.number()
      this.#cut.add(organization)
    })
  }

  /** Adds the newest block. */
  add(block: KeptBlock): void {
    this.#blocks.push(block)
  }

  /** Tells whose the records of a block are. What was dropped of it is not counted. */
  tell(block: KeptBlock, { bytes, owners, firstSequence, lastSequence }: ToldBlock): void {
    block.isTold = true
    block.bytes = bytes
    block.firstSequence = firstSequence
    block.lastSequence = lastSequence
    this.#toldBytes += bytes
    for (const owner of owners) this.#give(block, owner.organizationId, owner.bytes)
  }

  /** Tells it again, after the block was written anew. */
  retell(block: KeptBlock, told: ToldBlock, openPages: ReadonlySet<number>): void {
    block.openPages = openPages
    this.#gapsThrough = Math.max(this.#gapsThrough, block.lastSequence)
    this.#toldBytes -= block.bytes
    this.#takeAll(block)
    block.firstChunk = told.firstChunk
    block.chunks = told.chunks
    this.tell(block, told)
  }

  /** The block takes so much less, or more, of nobody in particular. */
  resize(block: KeptBlock, byBytes: number): void {
    if (!block.isTold) return
    block.bytes += byBytes
    this.#toldBytes += byBytes
  }

  /** A block takes more, which is an organization's. */
  charge(block: KeptBlock | undefined, organizationId: string, bytes: number): void {
    if (block?.isTold !== true) return
    this.resize(block, bytes)
    if (organizationId !== NOBODY) this.#give(block, organizationId, bytes)
  }

  /** Takes a block out: it was dropped. */
  remove(block: KeptBlock): void {
    const index = this.indexOf(block.number)
    if (index > 0) this.#gapsThrough = Math.max(this.#gapsThrough, block.lastSequence)
    this.#blocks.splice(index, 1)
    this.#toldBytes -= block.bytes
    this.#takeAll(block)
  }

  /** Who has the most. */
  largest(): Organization | undefined {
    for (;;) {
      const bytes = -this.#heap.firstKey
      const organization = this.#heap.pop()
      if (organization === undefined) return undefined
      if (organization.bytes !== bytes || bytes === 0) continue
      this.#heap.push(-bytes, organization)
      return organization
    }
  }

  /** Drops the records of an organization from its oldest block, and returns that; `undefined`: it has none. */
  cut(organization: Organization): KeptBlock | undefined {
    for (let index = this.indexOf(organization.fromBlock); index < this.#blocks.length; index++) {
      const block = this.#blocks[index]
      const place = block?.organizations.indexOf(organization) ?? -1
      if (block === undefined || place === -1) continue
      const bytes = block.parts[place] ?? 0
      block.organizations.splice(place, 1)
      block.parts.splice(place, 1)
      block.live -= bytes
      organization.fromRecordId = block.endRecordId
      organization.fromBlock = block.number + 1
      this.#cut.add(organization)
      this.#take(organization, bytes)
      this.evictedBytes += bytes
      return block
    }
    return undefined
  }

  /** Its records with smaller ids are not seen any more. */
  fromOf(organizationId: string): number {
    return this.#organizations.get(organizationId)?.fromRecordId ?? 0
  }

  bytesOf(organizationId: string): number {
    return this.#organizations.get(organizationId)?.bytes ?? 0
  }

  /** Place of the first block with this number or a higher one. */
  indexOf(number: number): number {
    return this.#firstWhere((block) => block.number >= number)
  }

  /** The newest block with a record older than this one. */
  lastBefore(recordId: number): KeptBlock | undefined {
    return this.#blocks[this.#firstWhere((block) => block.firstRecordId >= recordId) - 1]
  }

  /** The block that has or had a record. */
  blockOf(recordId: number): KeptBlock | undefined {
    const block = this.lastBefore(recordId + 1)
    return block !== undefined && recordId < block.endRecordId ? block : undefined
  }

  /** Whether a mailbox sequence belongs to a block that was dropped, or nothing can become of it any more. */
  isGone(sequence: number): boolean {
    if (sequence > this.#gapsThrough) return false
    const index = this.#firstWhere(({ isTold, lastSequence }) => isTold && lastSequence >= sequence)
    const block = this.#blocks[index]
    if (block !== undefined && sequence >= block.firstSequence)
      return block.openPages?.has(pageOf(sequence)) === false
    return this.#blocks[index - 1]?.isTold !== false
  }

  /** Where a start cannot know what was dropped before it. */
  assumeGapsThrough(sequence: number): void {
    this.#gapsThrough = sequence
  }

  /** The row that says from where on an organization's records are kept. */
  cutChange({ id, fromRecordId }: Organization): RowChange {
    return { table: 'historyShares', key: digestKey(id), value: encodeFields([id, fromRecordId]) }
  }

  /** Forgets from where on records are kept of whom, where all before is gone anyhow; returns the rows to remove. */
  forgetCuts(oldestRecordId: number): readonly RowChange[] {
    const over = [...this.#cut].filter(({ fromRecordId }) => fromRecordId <= oldestRecordId)
    return over.map((organization) => {
      this.#cut.delete(organization)
      organization.fromRecordId = 0
      this.#forget(organization)
      return { table: 'historyShares', key: digestKey(organization.id), value: undefined }
    })
  }

  #give(block: KeptBlock, organizationId: string, bytes: number): void {
    const organization = this.#organizationOf(organizationId)
    if (block.firstRecordId < organization.fromRecordId) return
    const place = block.organizations.indexOf(organization)
    if (place === -1) {
      block.organizations.push(organization)
      block.parts.push(bytes)
    } else block.parts[place] = (block.parts[place] ?? 0) + bytes
    block.live += bytes
    organization.fromBlock = Math.min(organization.fromBlock, block.number)
    organization.bytes += bytes
    this.#rank(organization)
  }

  #takeAll(block: KeptBlock): void {
    const { organizations, parts } = block
    block.organizations = []
    block.parts = []
    block.live = 0
    for (const [place, organization] of organizations.entries()) this.#take(organization, parts[place] ?? 0)
  }

  #take(organization: Organization, bytes: number): void {
    organization.bytes -= bytes
    if (organization.bytes > 0) this.#rank(organization)
    else this.#forget(organization)
  }

  #rank(organization: Organization): void {
    if (this.#heap.size >= STALE_LEAST + STALE_MAX * this.#organizations.size) {
      this.#heap = new Heap()
      for (const one of this.#organizations.values()) if (one.bytes > 0) this.#heap.push(-one.bytes, one)
      if (this.#organizations.has(organization.id)) return
    }
    this.#heap.push(-organization.bytes, organization)
  }

  #organizationOf(id: string): Organization {
    const known = this.#organizations.get(id)
    if (known !== undefined) return known
    const organization = { id, bytes: 0, fromRecordId: 0, fromBlock: Number.POSITIVE_INFINITY }
    this.#organizations.set(id, organization)
    return organization
  }

  /** Of whom nothing is left is not remembered. */
  #forget(organization: Organization): void {
    if (organization.bytes <= 0 && !this.#cut.has(organization)) this.#organizations.delete(organization.id)
  }

  #firstWhere(isIt: (block: KeptBlock) => boolean): number {
    let low = 0
    let high = this.#blocks.length
    while (low < high) {
      const middle = (low + high) >> 1
      const block = this.#blocks[middle]
      if (block !== undefined && isIt(block)) high = middle
      else low = middle + 1
    }
    return low
  }
}
