import type { Put } from '../../move/items.ts'
import { bytes, list, number, text } from '../connection/answers.ts'
import type { Functions } from '../connection/functions.ts'
import { CONTROL } from '../connection/partitions.ts'
import { REVOKED_TOKEN_ROWS, REVOKED_USER_ROWS } from '../tokens/list-rows.ts'
import { toFamily } from '../tokens/refresh-families.ts'
import { readRow } from '../tokens/shared-list.ts'
import type { Reading } from './partition-reader.ts'

/** Lines of the audit log at a time. */
const LINES_MAX = 500

/** Hands over keys and revocations, sign-ins, the directory and the audit log. */
export async function sendControl({ functions, readers }: Reading, put: Put): Promise<void> {
  for (const row of await listOf(functions, 'signing')) {
    const { keyId, createdAtWallMs, concealed } = JSON.parse(row.rest)
    put('signingKey', { keyId, createdAtWallMs, concealed })
  }
  for (const row of await listOf(functions, 'tokens')) {
    const { owner, ...token } = REVOKED_TOKEN_ROWS.toItem(row)
    put('revokedToken', owner === undefined ? token : { ...token, owner })
  }
  for (const row of await listOf(functions, 'users')) put('revokedUser', REVOKED_USER_ROWS.toItem(row))
  await sendFamilies(readers, put)
  await sendDirectory(functions, put)
  await sendAudit(functions, put)
}

async function listOf(functions: Functions, name: string) {
  const rows = list(await functions.call('quick', 'list_read', CONTROL, [name])).map(list)
  return rows.sort((a, b) => number(a[3]) - number(b[3])).map(readRow)
}

/** In the order in which they came: all are here before the first goes. */
async function sendFamilies(readers: Reading['readers'], put: Put): Promise<void> {
  const families = []
  for (const reader of readers)
    for await (const [row = null] of reader.rows('families')) families.push(toFamily(row))
  families.sort((a, b) => a.createdAtWallMs - b.createdAtWallMs)
  for (const { lastRotation, ...rest } of families) {
    if (lastRotation === undefined) put('refreshFamily', rest)
    else {
      // The function told how much is left of it.
      const { repeatableUntilMs: repeatableForMs, ...used } = lastRotation
      put('refreshFamily', { ...rest, lastRotation: { ...used, repeatableForMs } })
    }
  }
}

async function sendDirectory(functions: Functions, put: Put): Promise<void> {
  const [revision, rows] = list(await functions.call('quick', 'directory_read', CONTROL))
  if (number(revision) > 0) put('directoryRevision', { revision: number(revision) })
  const all = list(rows)
  for (let at = 0; at < all.length; at += 2)
    put('directoryEntry', { key: text(all[at]), value: bytes(all[at + 1]) })
}

/** The newest first, as it is read. */
async function sendAudit(functions: Functions, put: Put): Promise<void> {
  for (let before = '+inf'; ; ) {
    const lines = list(await functions.call('quick', 'audit_read', CONTROL, [1, '', before, LINES_MAX, 0]))
    for (const line of lines) {
      const [sequence, atWallMs, organizationId, said] = list(line)
      put('auditLine', {
        sequence: number(sequence),
        atWallMs: number(atWallMs),
        organizationId: text(organizationId),
        text: text(said),
      })
      before = text(sequence)
    }
    if (lines.length < LINES_MAX) return
  }
}
