/** Takes room for so many bytes more and returns what gives it back; `undefined`: there is none. */
export type TakeRoom = (bytes: number) => (() => void) | undefined

/** The room that the request of a connection has taken, as its bytes came. */
export class HeldBytes {
  #bytes = 0
  #releases: (() => void)[] = []

  /** Whether there is room for it to be as large as this. */
  grow(bytes: number, take: TakeRoom): boolean {
    const more = bytes - this.#bytes
    if (more <= 0) return true
    const release = take(more)
    if (release === undefined) return false
    this.#bytes = bytes
    this.#releases.push(release)
    return true
  }

  release(): void {
    if (this.#bytes === 0) return
    for (const release of this.#releases) release()
    this.#releases = []
    this.#bytes = 0
  }
}
