import type { RowChange, Table } from '../rows.ts'

/** What a change costs beside its bytes, roughly. */
const CHANGE_BYTES = 100

/** Changes that are written together, and those who wait for it. */
export class Commit {
  readonly number: number
  /** Why it cannot be written as it is; `undefined`: it can. */
  failure: unknown
  #changes: RowChange[] = []
  #bytes = 0
  #waiting = 0
  #done: { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } | undefined

  constructor(number: number) {
    this.number = number
  }

  get changes(): readonly RowChange[] {
    return this.#changes
  }

  /** Memory that the changes hold. */
  get bytes(): number {
    return this.#bytes
  }

  /** Operations that wait. */
  get waiting(): number {
    return this.#waiting
  }

  put(table: Table, key: Uint8Array, value: Uint8Array): void {
    this.#changes.push({ table, key, value })
    this.#bytes += key.byteLength + value.byteLength + CHANGE_BYTES
  }

  remove(table: Table, key: Uint8Array): void {
    this.#changes.push({ table, key, value: undefined })
    this.#bytes += key.byteLength + CHANGE_BYTES
  }

  /** Resolves or rejects with the commit. One promise for all who wait. */
  wait(): Promise<void> {
    this.#waiting++
    this.#done ??= deferred()
    return this.#done.promise
  }

  resolve(): void {
    this.#done?.resolve()
  }

  /** Refuses those who wait now. The changes stay. */
  reject(error: Error): void {
    this.#done?.reject(error)
    this.#done = undefined
    this.#waiting = 0
  }

  prepend(earlier: Commit): void {
    this.#changes = [...earlier.#changes, ...this.#changes]
    this.#bytes += earlier.#bytes
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } {
  let resolve = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
