import type { SigningKey, SigningKeyStore } from '../../store.ts'
import { encodeFields, FieldReader } from '../fields.ts'
import type { Journal } from '../journal/journal.ts'
import { digestKey } from '../keys.ts'
import type { Rows } from '../rows.ts'

export function embeddedSigningKeys(keys: Map<string, SigningKey>, journal: Journal): SigningKeyStore {
  return {
    async list() {
      journal.assertOpen()
      return [...keys.values()].sort((a, b) => b.createdAtWallMs - a.createdAtWallMs)
    },
    async add(key) {
      journal.assertWritable()
      keys.set(key.keyId, key)
      const fields = [key.keyId, key.privateKeyPem, key.createdAtWallMs]
      journal.put('signing', digestKey(key.keyId), encodeFields(fields))
      await journal.durable()
    },
    async remove(keyId) {
      journal.assertWritable()
      if (!keys.delete(keyId)) return
      journal.remove('signing', digestKey(keyId))
      await journal.durable()
    },
  }
}

export async function loadSigningKeys(rows: Rows): Promise<Map<string, SigningKey>> {
  const keys = new Map<string, SigningKey>()
  await rows.scan('signing', (_key, value) => {
    const row = new FieldReader(value)
    const keyId = row.text()
    keys.set(keyId, { keyId, privateKeyPem: row.text(), createdAtWallMs: row.number() })
  })
  return keys
}
