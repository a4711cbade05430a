/** Slots of a Redis Cluster. */
const SLOTS = 16_384

/** How many a store is divided into, where nothing else is said; at most 4,096. It keeps the number that it began with. */
export const PARTITIONS = 256

/** The partition of what concerns the whole store: lists that everybody holds, and what the store is. */
export const CONTROL = -1

/** CRC16 (XMODEM) as Redis Cluster has it, by table. */
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
  return crc & 0xffff
})

export function crc16(text: string): number {
  let crc = 0
  for (const byte of Buffer.from(text)) crc = ((crc << 8) & 0xffff) ^ (TABLE[((crc >> 8) ^ byte) & 0xff] ?? 0)
  return crc
}

/**
 * Where what is kept: everything of one name is in one partition, and all keys of a partition have its hash tag, so that they
 * are in one slot of a cluster. The tags are chosen so that the partitions are spread over the slots evenly and in order: any
 * contiguous share of the slots has the same share of them.
 */
export class Partitions {
  readonly count: number
  readonly #prefix: string
  readonly #tags: readonly string[]

  constructor(count: number, prefix: string) {
    this.count = count
    this.#prefix = prefix
    this.#tags = tagsOf(count)
  }

  get all(): readonly number[] {
    return this.#tags.map((_, partition) => partition)
  }

  ofUser({ organizationId, userId }: { readonly organizationId: string; readonly userId: string }): number {
    return this.of(`${organizationId}/${userId}`)
  }

  /** Of whatever has one name: a caller, an organization, a family. */
  of(name: string): number {
    return crc16(name) % this.count
  }

  /** What all keys of a partition begin with. */
  baseOf(partition: number): string {
    return `${this.#prefix}{${this.#tagOf(partition)}}:`
  }

  /** Where a Redis Cluster has it. */
  slotOf(partition: number): number {
    return slotOfTag(this.#tagOf(partition))
  }

  #tagOf(partition: number): string {
    return partition === CONTROL ? 'ctl' : (this.#tags[partition] ?? '')
  }
}

/** The slot of a Redis Cluster that a key with this hash tag is in. */
function slotOfTag(tag: string): number {
  return crc16(tag) % SLOTS
}

/** A short text for each partition, in whose part of the slots it lies. */
function tagsOf(count: number): readonly string[] {
  const width = SLOTS / count
  const tags: string[] = []
  for (let number = 0, left = count; left > 0; number++) {
    const tag = number.toString(36)
    const partition = Math.floor(slotOfTag(tag) / width)
    if (tags[partition] !== undefined) continue
    tags[partition] = tag
    left--
  }
  return tags
}
