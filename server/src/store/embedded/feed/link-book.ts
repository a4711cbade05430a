import type { FeedEntry } from '../../store.ts'
import type { Journal } from '../journal/journal.ts'
import { readRegistrationId, registrationKey } from '../keys.ts'
import type { Rows } from '../rows.ts'
import { entryOf, type Subject } from './feed-book.ts'
import { decodeEntry, encodeEntry } from './feed-row.ts'

type LinkSubject = Subject & { readonly registrationId: number }

/**
 * Which endpoints of watched organizations have a link, in memory and on disk: what is on disk at the start
 * lost its link when the server stopped without a warning.
 */
export class LinkBook {
  readonly #journal: Journal
  readonly #connectedAtWallMs = new Map<number, number>()
  #leftOver: FeedEntry[] = []

  constructor(journal: Journal) {
    this.#journal = journal
  }

  async load(rows: Rows): Promise<void> {
    await rows.scan('links', (key, value) => {
      this.#leftOver.push(decodeEntry(readRegistrationId(key), value))
    })
  }

  /** The connections that were cut by the server's end, each as it was noted; only once. */
  takeLeftOver(): readonly FeedEntry[] {
    const leftOver = this.#leftOver
    this.#leftOver = []
    // The key is the registration here: a link that is noted before it is asked for stays.
    for (const { sequence: registrationId } of leftOver)
      if (!this.#connectedAtWallMs.has(registrationId))
        this.#journal.remove('links', registrationKey(registrationId))
    return leftOver
  }

  connected(subject: LinkSubject, atWallMs: number): void {
    if (!this.#journal.isOpen || !this.#journal.hasRoom) return
    this.#connectedAtWallMs.set(subject.registrationId, atWallMs)
    const entry = entryOf('UserEndpointConnectedEvent', subject, 'subscribed', atWallMs)
    this.#journal.put('links', registrationKey(subject.registrationId), encodeEntry(entry))
  }

  /** Returns since when it was connected, where that is known. */
  disconnected({ registrationId }: Pick<LinkSubject, 'registrationId'>): number | undefined {
    const connectedAtWallMs = this.#connectedAtWallMs.get(registrationId)
    if (connectedAtWallMs === undefined) return undefined
    this.#connectedAtWallMs.delete(registrationId)
    if (this.#journal.isOpen) this.#journal.remove('links', registrationKey(registrationId))
    return connectedAtWallMs
  }
}
