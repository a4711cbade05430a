import { senderIdOf } from '../../history-query.ts'
import type { HistoryQuery } from '../../store.ts'
import { type Column, hashOf, hashOfSenderKind, type IndexBlock } from './history-index.ts'

const WORD_BYTES = 4

/** What the index can say about a query: one of the columns has this hash. */
export type Condition = { readonly columns: readonly Column[]; readonly hash: number }

/** The conditions of a query, those first that the fewest records meet. */
export function conditionsOf(query: HistoryQuery, eventId?: string): readonly Condition[] {
  const { organizationId, userId, involvedUserId, sentBy, type, isFromBackend } = query
  const wanted: readonly (readonly [readonly Column[], string | undefined])[] = [
    [['eventId'], eventId],
    [['senderId'], sentBy && senderIdOf(sentBy)],
    [['userId'], userId],
    [['userId', 'senderId'], involvedUserId],
    [['type'], type],
    [['organizationId'], organizationId],
  ]
  const conditions: Condition[] = wanted.flatMap(([columns, text]) =>
    text === undefined ? [] : [{ columns, hash: hashOf(text) }],
  )
  // Never the first: blocks of former versions do not say.
  return isFromBackend === true && conditions.length > 0
    ? [...conditions, { columns: ['senderKind'], hash: hashOfSenderKind(true) }]
    : conditions
}

/** Places of the records of a block, below `end`, that may meet all conditions; newest first. */
export function placesOf(
  block: IndexBlock,
  conditions: readonly Condition[],
  end: number,
): readonly number[] {
  const [first, ...rest] = conditions
  if (first === undefined) return Array.from({ length: end }, (_, index) => end - 1 - index)
  const needle = wordOf(first.hash)
  const found = new Set(first.columns.flatMap((column) => hits(block.column(column), needle, end)))
  const isMet = (place: number) => rest.every((condition) => meets(block, condition, place))
  return [...found].filter(isMet).sort((a, b) => b - a)
}

function meets(block: IndexBlock, { columns, hash }: Condition, place: number): boolean {
  return columns.some((column) => {
    const words = block.column(column)
    return words.length === 0 || words.readUInt32LE(place * WORD_BYTES) === hash
  })
}

/** Searched as bytes, which is many times faster than word by word. */
function hits(column: Buffer, needle: Buffer, end: number): number[] {
  const places: number[] = []
  let at = column.indexOf(needle)
  while (at !== -1 && at < end * WORD_BYTES) {
    const isWord = at % WORD_BYTES === 0
    if (isWord) places.push(at / WORD_BYTES)
    at = column.indexOf(needle, isWord ? at + WORD_BYTES : at + 1)
  }
  return places
}

function wordOf(hash: number): Buffer {
  const word = Buffer.allocUnsafe(WORD_BYTES)
  word.writeUInt32LE(hash)
  return word
}
