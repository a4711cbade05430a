import { StoreLostError } from './damage.ts'
import type { Files } from './files.ts'
import { MANIFEST, type Manifest, readNewestManifest, writeManifest } from './manifest.ts'

/** Told once, as soon as the store is found to be another's, or gone. */
export type OnLost = (error: StoreLostError) => void

/** The manifest of an open store: what it says, and that it is still ours. */
export class HeldManifest {
  readonly #files: Files
  #manifest: Manifest
  #identity: string | undefined
  #last: Promise<unknown> = Promise.resolve()
  readonly #onLost: OnLost
  #lost: StoreLostError | undefined
  /** The newest commit that was confirmed. */
  lastCommit: number

  private constructor(files: Files, manifest: Manifest, onLost: OnLost) {
    this.#files = files
    this.#manifest = manifest
    this.#onLost = onLost
    this.lastCommit = manifest.lastCommit ?? 0
  }

  /** Writes a first manifest. Whoever had the store before finds from now on that it has not. */
  static async start(files: Files, manifest: Manifest, onLost: OnLost): Promise<HeldManifest> {
    await writeManifest(files, manifest)
    const held = new HeldManifest(files, manifest, onLost)
    held.assertOwned()
    return held
  }

  get manifest(): Manifest {
    return this.#manifest
  }

  /**
   * Takes numbers for files; returns the first. A crash forgets numbers that no manifest has seen, and removes
   * their files.
   */
  takeNumbers(count: number): number {
    const first = this.#manifest.nextFile
    this.#manifest = { ...this.#manifest, nextFile: first + count }
    return first
  }

  /** Resolves once the change survives a power cut. Changes are carried out one after the other. */
  update(change: (manifest: Manifest) => Manifest): Promise<void> {
    const update = this.#last.then(async () => {
      this.assertOwned()
      const next = { ...change(this.#manifest), lastCommit: this.lastCommit }
      await writeManifest(this.#files, next, () => this.assertOwned())
      this.#manifest = { ...next, nextFile: this.#manifest.nextFile }
      this.assertOwned()
    })
    this.#last = update.catch(() => {})
    return update
  }

  /**
   * Throws once another has taken the store over, or its folder is gone, and for ever after: what comes back in its
   * place is not what was lost. What was written before this returns is what the next owner reads: it makes itself
   * known first, and reads then.
   *
   * @throws StoreLostError
   * @throws Error when it cannot be told now
   */
  assertOwned(): void {
    if (this.#lost !== undefined) throw this.#lost
    const identity = this.#files.identityOf(MANIFEST)
    if (identity !== undefined && identity === this.#identity) return
    const found = readNewestManifest(this.#files)
    if (found === undefined) this.#lose(`is gone: there is no ${MANIFEST} in it any more`)
    const { storeId, epoch } = this.#manifest
    if (found.storeId !== storeId || found.epoch !== epoch) this.#lose('was taken over by another process')
    this.#identity = identity
  }

  #lose(what: string): never {
    this.#lost = new StoreLostError(
      `The data folder ${this.#files.path} ${what}. This process writes and confirms nothing any more.`,
    )
    this.#onLost(this.#lost)
    throw this.#lost
  }
}
