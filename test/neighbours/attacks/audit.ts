import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { call } from '../../helpers/call.ts'
import { eventually } from '../../helpers/run-server.ts'
import type { Attack } from '../attack.ts'
import { NO_SHARES, type Plant } from '../plants.ts'
import { flood, statusOf } from '../tools.ts'

/** So few lines that a busy machine makes as many in two seconds. */
const FEW: Plant = {
  file: 'limits/limits.js',
  find: 'const AUDIT_KINDS_MAX = 10_000',
  put: 'const AUDIT_KINDS_MAX = 400',
}

/** Whoever looks after somebody else each time makes a line of the audit log each time. */
export const attack: Attack = {
  name: 'audit',
  protects: 'what others do is written in the audit log however much one organization has written there',
  plants: [FEW],
  without: { env: NO_SHARES },
  async run(target, signal) {
    return flood(8, signal, (index) =>
      statusOf(target, target.backendToken, 'POST /rtc-api/users/presence', { userIds: [`user-${index}`] }),
    )
  },
  async judge({ server, auditFile }, { backendToken }) {
    const { status } = await call(server.url, backendToken, 'POST users/presence', { userIds: ['victor'] })
    assert.equal(status, 200)
    await eventually(async () => {
      const lines = (await readFile(auditFile, 'utf8')).trimEnd().split('\n')
      const read = lines.map((line) => JSON.parse(line)).filter(({ action }) => action === 'read_presence')
      return read.some(({ callerId }) => callerId === 'acme-backend')
    }, 'who asked is written down')
  },
}
