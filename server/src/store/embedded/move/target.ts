import type { HistoryBounds } from '../../bounds.ts'
import type { Item, ItemOf } from '../../move/items.ts'
import type { MoveTarget, TargetOptions } from '../../move/move.ts'
import { auditRow } from '../audit/audit-book.ts'
import { chartChange } from '../charts/chart-book.ts'
import { Commit } from '../journal/commit.ts'
import { digestKey, mailboxKey, numberKey, registrationKey, userName, userRowKey } from '../keys.ts'
import { encodeCall } from '../mailboxes/call-row.ts'
import { encodeEntry } from '../mailboxes/mailbox-row.ts'
import { encodeRace } from '../mailboxes/race-row.ts'
import { encodeReply } from '../mailboxes/replies.ts'
import { encodeTerm } from '../mailboxes/term-row.ts'
import { encodeIdentity, encodeLiveness } from '../registrations/registration-row.ts'
import type { RowChange, Rows, Table } from '../rows.ts'
import { FORMAT_CHANGE, stateChange } from '../state-row.ts'
import { directoryRow, revisionChange } from '../tokens/directory-book.ts'
import { encodeFamily } from '../tokens/family-book.ts'
import { REVOKED_TOKEN_ROWS, REVOKED_USER_ROWS, SIGNING_KEY_ROWS } from '../tokens/list-rows.ts'
import type { ListRows } from '../tokens/shared-list.ts'
import { FeedTarget } from './target-feed.ts'
import { HistoryTarget } from './target-history.ts'

/** Bytes of one commit. */
const BATCH_BYTES = 512 * 1024

export type RowsTargetOptions = TargetOptions & {
  readonly rows: Rows
  /** When the source's time goes on, service time and wall clock alike. */
  readonly nowMs: number
  readonly historyBounds: HistoryBounds
  /** Undoes what sealed the private key of a signing key. */
  readonly reveal: (text: string) => string
}

/** Writes the items of a stream into rows that were empty: no server has them yet. */
export async function rowsTarget(options: RowsTargetOptions): Promise<MoveTarget> {
  const { rows, historyBounds, numbering, highest } = options
  const firstSequence = highest.sequence + 1
  const history = await HistoryTarget.open(rows, historyBounds, { numbering, firstSequence })
  const writing = new Writing(rows, history)
  const rowsOf = new RowsOf(options, history)
  return {
    async take(item) {
      if (item[0] === 'record') history.add(item[1])
      else writing.add(rowsOf.item(item))
      if (writing.isFull) await writing.flush()
    },
    async finish() {
      const times = { heartbeatMs: options.nowMs, heardMs: options.nowMs, earliestWallMs: options.nowMs }
      const ids = { nextRegistrationId: highest.registrationId + 1, nextSequence: numbering.next }
      const state = stateChange({ ...times, ...ids, isClean: true })
      writing.add([...rowsOf.finish(), FORMAT_CHANGE, state])
      await writing.flush()
    },
  }
}

/** What waits for the next commit. */
class Writing {
  readonly #rows: Rows
  readonly #history: HistoryTarget
  #commits = 0
  #commit = new Commit(1)

  constructor(rows: Rows, history: HistoryTarget) {
    this.#rows = rows
    this.#history = history
  }

  get isFull(): boolean {
    return this.#commit.bytes + this.#history.waitingBytes >= BATCH_BYTES
  }

  add(changes: readonly RowChange[]): void {
    for (const { table, key, value } of changes) if (value !== undefined) this.#commit.put(table, key, value)
  }

  async flush(): Promise<void> {
    const commit = this.#commit
    this.#history.writeInto(commit)
    this.#commit = new Commit(++this.#commits + 1)
    await this.#rows.commit(commit.changes)
  }
}

/** The rows that an item becomes. */
class RowsOf {
  readonly #options: RowsTargetOptions
  readonly #history: HistoryTarget
  readonly #feed = new FeedTarget()
  #families = 0

  constructor(options: RowsTargetOptions, history: HistoryTarget) {
    this.#options = options
    this.#history = history
  }

  item([kind, item]: Exclude<Item, readonly ['record', unknown]>): readonly RowChange[] {
    switch (kind) {
      case 'signingKey':
        return [this.#signingKey(item)]
      case 'revokedToken':
        return [listRow(REVOKED_TOKEN_ROWS, item.tokenKey, item)]
      case 'revokedUser':
        return [listRow(REVOKED_USER_ROWS, userName(item), item)]
      case 'refreshFamily':
        return [this.#family(item)]
      case 'directoryRevision':
        return [revisionChange(item.revision)]
      case 'directoryEntry':
        return [directoryRow(item)]
      case 'auditLine':
        return [auditRow(item, item.text)]
      case 'chart':
        return [chartChange({ organizationId: null, ...item })]
      case 'reply':
        return [row('answers', item.digest, encodeReply({ ...item, owner: item }))]
      case 'lastSeen':
        return [row('lastSeen', userRowKey(userName(item)), doubleOf(item.seenAtWallMs))]
      case 'feedEntry':
        return this.#feed.entry(item)
      case 'webhook':
        return this.#feed.webhook(item)
      case 'deadLetter':
        return this.#feed.deadLetter(item)
      case 'link':
        return this.#feed.link(item)
      case 'registration':
        return this.#registration(item)
      case 'race':
        return [row('races', numberKey(item.raceId), encodeRace(item.cancel))]
      case 'entry':
        return entryRows(item)
      case 'call':
        return this.#call(item)
    }
  }

  finish(): readonly RowChange[] {
    return this.#feed.finish()
  }

  #signingKey({ concealed, ...key }: ItemOf<'signingKey'>): RowChange {
    const whole = { ...key, privateKeyPem: this.#options.reveal(concealed) }
    return listRow(SIGNING_KEY_ROWS, key.keyId, whole)
  }

  #family({ lastRotation, ...rest }: ItemOf<'refreshFamily'>): RowChange {
    const { nowMs } = this.#options
    const rotation = lastRotation && {
      usedHash: lastRotation.usedHash,
      salt: lastRotation.salt,
      repeatableUntilMs: nowMs + lastRotation.repeatableForMs,
    }
    const family = { ...rest, lastRotation: rotation }
    return row('families', digestKey(rest.familyId), encodeFamily({ family, ordinal: ++this.#families }))
  }

  #registration(item: ItemOf<'registration'>): readonly RowChange[] {
    const key = registrationKey(item.registrationId)
    const liveness = { ...item, expiresAtMs: this.#options.nowMs + item.remainingMs }
    return [
      row('registrations', key, encodeIdentity(item)),
      row('liveness', key, encodeLiveness(liveness, 0)),
    ]
  }

  #call({ masks, winner = '', cancel, ...call }: ItemOf<'call'>): readonly RowChange[] {
    const key = numberKey(this.#options.numbering.newNumber())
    const cancelBytes = cancel?.payload.byteLength ?? 0
    const recordId = this.#history.idOf(call.recordId)
    const value = encodeCall({ ...call, recordId, masks, winner, cancelBytes })
    return [
      row('calls', key, value),
      ...(cancel === undefined ? [] : [row('cancels', key, encodeRace(cancel))]),
    ]
  }
}

function entryRows(item: ItemOf<'entry'>): readonly RowChange[] {
  const { registrationId, sequence, payload, expiresAtWallMs, collapseKey, raceId } = item
  const key = mailboxKey(registrationId, sequence, payload.byteLength)
  const entry = row('mailbox', key, encodeEntry(item))
  if (expiresAtWallMs === undefined && collapseKey === undefined && raceId === undefined) return [entry]
  const terms = {
    expiresAtWallMs: expiresAtWallMs ?? Number.POSITIVE_INFINITY,
    collapseKey: collapseKey ?? '',
    raceId: raceId ?? 0,
  }
  return [entry, row('terms', key, encodeTerm(terms))]
}

function listRow<Item>(rows: ListRows<Item>, key: string, item: Item): RowChange {
  return row(rows.table, rows.rowKey(key), rows.encode(item))
}

function row(table: Table, key: Uint8Array, value: Uint8Array): RowChange {
  return { table, key, value }
}

function doubleOf(number: number): Buffer {
  const value = Buffer.allocUnsafe(8)
  value.writeDoubleBE(number)
  return value
}
