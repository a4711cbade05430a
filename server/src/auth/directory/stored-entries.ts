import { RollcallError } from '@rollcall/protocol/error-code'
import type { DirectoryChange, DirectoryStep, DirectoryStore } from '../../store/store.ts'
import type { AuthLog } from '../auth-log.ts'
import type { Directory, DirectorySource, ReloadListener } from './directory.ts'
import { directoryOf, type Entry, type EntryDraft } from './entry.ts'
import { decodeEntry, encodeEntry, isSealedBefore, type SecretSealer } from './entry-row.ts'

/** How often a change is tried where others change the directory at the same time. */
const TRIES_MAX = 10

/** What is to be written: entries by key, without one to be removed; and what whoever asked for it is told. */
export type Decision<Result> = {
  readonly changes: ReadonlyMap<string, EntryDraft | undefined>
  readonly result: Result
}

export type StoredOptions = {
  readonly store: DirectoryStore
  readonly sealer: SecretSealer
  readonly log: AuthLog
  /**
   * Resolves once the directory is in force at all other processes, at this revision at least. Default: there are none.
   *
   * @throws RollcallError `unavailable` where one has not said so
   */
  readonly tellOthers?: (revision: number) => Promise<void>
}

/** A directory that is kept in the store: read once, and changed by whoever has the store, this process or another. */
export class StoredEntries implements DirectorySource {
  readonly #options: StoredOptions
  readonly #listeners: ReloadListener[] = []
  readonly #unlisten: () => void
  #entries = new Map<string, Entry>()
  #revision = 0
  #bytes = 0
  #directory: Directory = directoryOf([]).directory
  /** What follows from changes until now. */
  #following: Promise<unknown> = Promise.resolve()
  #reading: Promise<void> | undefined
  #readingNext: Promise<void> | undefined

  private constructor(options: StoredOptions) {
    this.#options = options
    // Listens before it reads: it misses nothing.
    this.#unlisten = options.store.onChange((step) => this.#take(step))
  }

  static async open(options: StoredOptions): Promise<StoredEntries> {
    const stored = new StoredEntries(options)
    try {
      await stored.reload()
      await stored.#sealAnew()
    } catch (error) {
      await stored.close()
      throw error
    }
    return stored
  }

  current(): Directory {
    return this.#directory
  }

  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries
  }

  /** What all of them take in the store. */
  get bytes(): number {
    return this.#bytes
  }

  /** Where the next entry stands: behind all. */
  get nextOrder(): number {
    let last = 0
    for (const { order } of this.#entries.values()) last = Math.max(last, order)
    return last + 1
  }

  onReloaded(listener: ReloadListener): void {
    this.#listeners.push(listener)
  }

  /** Reads all of it anew: what is under way may have been answered before whoever asks now has reason to. */
  reload(): Promise<void> {
    if (this.#reading === undefined) return this.#startReading()
    this.#readingNext ??= this.#reading
      .catch(() => undefined)
      .then(() => {
        this.#readingNext = undefined
        return this.#startReading()
      })
    return this.#readingNext
  }

  #startReading(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  /** Resolves once it is in force here at this revision at least, and what follows from that is done. */
  async takeUp(revision: number): Promise<void> {
    if (this.#revision < revision) await this.reload()
    await this.#following
    if (this.#revision < revision) throw new RollcallError('unavailable')
  }

  async close(): Promise<void> {
    this.#unlisten()
    await this.#following
  }

  /**
   * Changes it by what is decided over the entries as they are then. Resolves once that is durable, and all that follows
   * from it, for sessions and webhooks, is done, at every process.
   *
   * @param decide called with the revision that what it changes will have, and anew where somebody else was first; what it throws
   *   is thrown
   * @param isShownOnce what is told is lost with the answer: it comes also where a process does not say that it has taken it up
   * @throws RollcallError `unavailable`
   */
  async change<Result>(
    decide: (newRevision: number) => Decision<Result>,
    isShownOnce = false,
  ): Promise<Result> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const revision = this.#revision
      const { changes, result } = decide(revision + 1)
      const encoded = [...changes].map(([key, entry]) => this.#encode(key, entry, revision + 1))
      const isDone = await this.#options.store.change(revision, encoded)
      if (isDone) {
        this.#take({ revision: revision + 1, changes: encoded })
        const told = this.#options.tellOthers?.(revision + 1)
        await Promise.all([this.#following, isShownOnce ? told?.catch(() => undefined) : told])
        return result
      }
      await this.reload()
    }
    throw new RollcallError('unavailable', 'The directory is being changed by many at once.')
  }

  #encode(key: string, entry: EntryDraft | undefined, revision: number): DirectoryChange {
    if (entry === undefined) return { key, value: undefined }
    return { key, value: encodeEntry(entry, revision, this.#options.sealer) }
  }

  /** Takes up a step; known ones are nothing new, and after one that was missed all is read. */
  #take({ revision, changes }: DirectoryStep): void {
    if (revision <= this.#revision) return
    if (revision > this.#revision + 1) {
      this.reload().catch((error: unknown) =>
        this.#options.log.error('the directory was changed and cannot be read', { problem: String(error) }),
      )
      return
    }
    const entries = new Map(this.#entries)
    for (const { key, value } of changes) {
      if (value === undefined) entries.delete(key)
      else this.#decodeInto(entries, key, value)
    }
    this.#put(entries, revision)
  }

  async #read(): Promise<void> {
    const { revision, entries } = await this.#options.store.read()
    if (revision < this.#revision) return
    const decoded = new Map<string, Entry>()
    for (const { key, value } of entries) this.#decodeInto(decoded, key, value)
    const inOrder = [...decoded].sort(([, one], [, other]) => one.order - other.order)
    this.#put(new Map(inOrder), revision)
  }

  /** What cannot be read gives nobody anything: it is told, and left out. */
  #decodeInto(entries: Map<string, Entry>, key: string, value: Uint8Array): void {
    const { sealer, log } = this.#options
    try {
      const entry = decodeEntry(key, value, sealer)
      entries.set(key, entry)
      if (!entry.isOpen)
        log.error('the secrets of a webhook cannot be opened: it is disabled until it has new ones', { key })
    } catch (error) {
      entries.delete(key)
      log.error('an entry of the directory cannot be used', { key, problem: String(error) })
    }
  }

  #put(entries: Map<string, Entry>, revision: number): void {
    const before = this.#directory
    const { directory, misfits } = directoryOf(entries.values())
    const wasEmpty = this.#revision === 0
    this.#entries = entries
    this.#bytes = 0
    for (const { bytes } of entries.values()) this.#bytes += bytes
    this.#revision = revision
    this.#directory = directory
    const { log } = this.#options
    for (const key of misfits)
      log.error('an entry of the directory belongs to no organization that there is', { key })
    if (!wasEmpty) log.info('directory changed', { revision })
    const following = this.#listeners.map(async (listener) => listener(before, directory))
    this.#following = Promise.allSettled([this.#following, ...following])
  }

  /** What a former key has sealed, so that it is not needed any more. */
  async #sealAnew(): Promise<void> {
    const { store, sealer } = this.#options
    const { entries } = await store.read()
    const old = entries.filter(({ value }) => isSealedBefore(value, sealer))
    const known = old.flatMap(({ key }) => this.#entries.get(key) ?? []).filter(({ isOpen }) => isOpen)
    if (known.length === 0) return
    await this.change(() => ({
      changes: new Map(known.map((entry) => [entry.key, entry])),
      result: undefined,
    }))
  }
}
