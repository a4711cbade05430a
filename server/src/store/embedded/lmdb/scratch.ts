const KEPT_BYTES_MAX = 1024

/** Copies of short byte strings, one at a time: each is overwritten by the next. */
export class Scratch {
  readonly #bytes = Buffer.allocUnsafeSlow(KEPT_BYTES_MAX)
  /** One view for each length, because making a view costs more than the copy. */
  readonly #views: Buffer[] = []

  copy(source: Uint8Array, start: number, end: number): Buffer {
    const length = end - start
    if (length > KEPT_BYTES_MAX) return Buffer.from(source.subarray(start, end))
    this.#views[length] ??= this.#bytes.subarray(0, length)
    const view = this.#views[length]
    for (let index = 0; index < length; index++) view[index] = source[start + index] ?? 0
    return view
  }
}
