import { dueAtMs } from '../../lifecycle.ts'
import { Heap } from '../heap.ts'
import { NOT_FILED, type RegistrationRecord } from './record.ts'

const BUCKET_MS = 100

type Bucket = { readonly number: number; readonly records: RegistrationRecord[] }

/**
 * Which registrations want attention when. A keepalive does not touch it: a record stays where it was filed,
 * and when that time comes and the record is due later, it is filed anew. Only one that becomes due *earlier*
 * is moved at once.
 *
 * Records wait in buckets of 100 ms, unsorted. A bucket whose time has begun is opened: its records move to a
 * heap, which knows the exact order. So nothing is early, and the earliest come first. What is taken back out
 * leaves its bucket at once, or else registering and unregistering in turn would fill the memory; in the heap
 * it stays until its time comes, which is near.
 */
export class DueIndex {
  readonly #baseMs: number
  readonly #buckets = new Map<number, Bucket>()
  readonly #order = new Heap<Bucket>()
  readonly #soon = new Heap<RegistrationRecord>()
  #openedThrough = -1

  /** @param baseMs service time before which nobody asks; keeps bucket numbers small */
  constructor(baseMs: number) {
    this.#baseMs = baseMs
  }

  /** Files a record that is new, changed, or was taken and goes on. */
  file(record: RegistrationRecord): void {
    const dueMs = dueAtMs(record)
    const number = this.#numberOf(dueMs)
    if (record.filedBucket !== NOT_FILED) {
      if (record.filedBucket < number) return
      this.drop(record)
    }
    record.filedBucket = number
    if (number <= this.#openedThrough) this.#soon.push(dueMs, record)
    else record.filedIndex = this.#bucket(number).records.push(record) - 1
  }

  /** Takes a record back out; one that is not filed is ignored. */
  drop(record: RegistrationRecord): void {
    const records = this.#buckets.get(record.filedBucket)?.records
    record.filedBucket = NOT_FILED
    if (records === undefined || records[record.filedIndex] !== record) return
    const last = records.pop()
    if (last === undefined || last === record) return
    records[record.filedIndex] = last
    last.filedIndex = record.filedIndex
  }

  /** Opens buckets whose time has begun, looking at no more than `recordsMax`. Tells whether that was all. */
  open(nowMs: number, recordsMax: number): boolean {
    const nowBucket = this.#numberOf(nowMs)
    for (let looked = 0; this.#order.firstKey <= nowBucket; ) {
      const bucket = this.#order.pop()
      if (bucket === undefined) break
      this.#openedThrough = Math.max(this.#openedThrough, bucket.number)
      for (let record = bucket.records.pop(); record !== undefined; record = bucket.records.pop()) {
        record.filedBucket = NOT_FILED
        this.file(record)
        if (++looked < recordsMax) continue
        this.#order.push(bucket.number, bucket)
        return false
      }
      this.#buckets.delete(bucket.number)
    }
    this.#openedThrough = Math.max(this.#openedThrough, nowBucket)
    return true
  }

  /** Takes the earliest record that is due out of the opened ones. */
  take(nowMs: number): RegistrationRecord | undefined {
    while (this.#soon.firstKey <= nowMs) {
      const filedIn = this.#numberOf(this.#soon.firstKey)
      const record = this.#soon.pop()
      if (record === undefined || record.filedBucket !== filedIn) continue
      record.filedBucket = NOT_FILED
      if (dueAtMs(record) <= nowMs) return record
      this.file(record)
    }
    return undefined
  }

  /** Before this nothing is due, once all that is due now was taken; `Infinity`: nothing is filed. */
  get nextMs(): number {
    return Math.min(this.#soon.firstKey, this.#baseMs + this.#order.firstKey * BUCKET_MS)
  }

  #numberOf(ms: number): number {
    return Math.max(0, Math.floor((ms - this.#baseMs) / BUCKET_MS))
  }

  #bucket(number: number): Bucket {
    const existing = this.#buckets.get(number)
    if (existing !== undefined) return existing
    const bucket: Bucket = { number, records: [] }
    this.#buckets.set(number, bucket)
    this.#order.push(number, bucket)
    return bucket
  }
}
