import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { systemClock, systemRandom } from './clock/clock.ts'
import { readConfiguration } from './config/config.ts'
import { SEALING_KEY_FILE } from './masks/masks.ts'
import { exportToFile, importFromFile } from './move-commands.ts'
import { createLog } from './observe/observe.ts'
import { withGround } from './server.ts'

const folder = mkdtempSync(join(tmpdir(), 'rollcall-move-commands-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const around = { clock: systemClock(), random: systemRandom(), log: createLog('error') }
const ALICE = { organizationId: 'acme', userId: 'alice', userEndpointId: 'phone' }

const at = (name: string) => readConfiguration({ DATA_DIR: join(folder, name) }, undefined)

describe('export-store and import-store', () => {
  it('move a data folder, with its key, and only while no server runs', async () => {
    const file = join(folder, 'stream')
    const source = at('source')
    await withGround(source, around, async ({ store }) => {
      const request = { keepAliveSeconds: 600, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 }
      await store.registrations.register({ ...ALICE, ...request }, 5)
      await assert.rejects(exportToFile(source, file, around), /in use by process/)
    })
    assert.match(await exportToFile(source, file, around), / 1 registration\n/)
    assert.equal(statSync(file).mode & 0o777, 0o600)

    const target = at('target')
    await assert.rejects(importFromFile(target, file, around), /SEALING_KEY.*is needed/)
    await withGround(at('other'), around, async () => undefined)
    await assert.rejects(importFromFile(at('other'), file, around), /is not empty/)
    copyFolderKey('source', 'target')
    assert.match(await importFromFile(target, file, around), / 1 registration\n/)
    await withGround(target, around, async ({ store }) => {
      const [found] = await store.registrations.look([ALICE], {})
      assert.equal(found?.registration.keepAliveSeconds, 600)
      await assert.rejects(importFromFile(target, file, around), /in use by process/)
    })
    await assert.rejects(exportToFile(at('nothing'), join(folder, 'none'), around), /There is no store/)
  })
})

function copyFolderKey(from: string, to: string): void {
  mkdirSync(join(folder, to), { mode: 0o700 })
  copyFileSync(join(folder, from, SEALING_KEY_FILE), join(folder, to, SEALING_KEY_FILE))
}
