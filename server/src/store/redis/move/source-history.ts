import type { ItemOf, Put } from '../../move/items.ts'
import type { Answer } from '../connection/wire.ts'
import { toRecord } from '../history/records.ts'
import type { Reading } from './partition-reader.ts'

type Records = AsyncGenerator<readonly Answer[]>
type Next = { readonly from: Records; readonly record: ReturnType<typeof toRecord> }

/** Hands over the records of all partitions in the order of acceptance: of each, the oldest that was not taken. */
export async function sendHistory({ readers }: Reading, put: Put): Promise<void> {
  const all = readers.map((reader) => reader.following('records'))
  const waiting: Next[] = []
  for (const from of all) await enter(waiting, from)
  for (let first = waiting.shift(); first !== undefined; first = waiting.shift()) {
    put('record', itemOf(first.record))
    await enter(waiting, first.from)
  }
}

/** Its next record comes into its place among the others: they are in their order. */
async function enter(waiting: Next[], from: Records): Promise<void> {
  const { value, done } = await from.next()
  if (done === true) return
  const record = toRecord(value)
  let low = 0
  let high = waiting.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((waiting[middle]?.record.recordId ?? 0) < record.recordId) low = middle + 1
    else high = middle
  }
  waiting.splice(low, 0, { from, record })
}

function itemOf({ endpoints, ...record }: ReturnType<typeof toRecord>): ItemOf<'record'> {
  return { ...record, endpoints: endpoints.map(({ userEndpointId, at }) => ({ userEndpointId, at })) }
}
