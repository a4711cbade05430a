import type { RevokedToken, SigningKey, UserRevocation } from '../../store.ts'
import { encodeFields, FieldReader } from '../fields.ts'
import { digestKey, userRowKey } from '../keys.ts'
import type { ListRows } from './shared-list.ts'

export const REVOKED_TOKEN_ROWS: ListRows<RevokedToken> = {
  table: 'revoked',
  rowKey: (key) => digestKey(key),
  encode({ tokenKey, untilWallMs, owner }) {
    const whose = owner === undefined ? [] : [owner.organizationId, owner.userId]
    return encodeFields([tokenKey, untilWallMs, ...whose])
  },
  decode(value) {
    const row = new FieldReader(value)
    const token = { tokenKey: row.text(), untilWallMs: row.number() }
    // Rows of earlier versions, and those whose owner is not known, end here.
    return row.isAtEnd ? token : { ...token, owner: { organizationId: row.text(), userId: row.text() } }
  },
}

export const REVOKED_USER_ROWS: ListRows<UserRevocation> = {
  table: 'revokedUsers',
  rowKey: userRowKey,
  encode: ({ organizationId, userId, notBeforeWallMs, untilWallMs }) =>
    encodeFields([organizationId, userId, notBeforeWallMs, untilWallMs]),
  decode(value) {
    const row = new FieldReader(value)
    const user = { organizationId: row.text(), userId: row.text() }
    return { ...user, notBeforeWallMs: row.number(), untilWallMs: row.number() }
  },
}

export const SIGNING_KEY_ROWS: ListRows<SigningKey> = {
  table: 'signing',
  rowKey: (key) => digestKey(key),
  encode: ({ keyId, privateKeyPem, createdAtWallMs }) =>
    encodeFields([keyId, privateKeyPem, createdAtWallMs]),
  decode(value) {
    const row = new FieldReader(value)
    return { keyId: row.text(), privateKeyPem: row.text(), createdAtWallMs: row.number() }
  },
}
