import assert from 'node:assert/strict'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemClock, systemRandom } from './clock/clock.ts'
import { repairData } from './data-folder.ts'
import { backUpData, restoreData } from './folder-commands.ts'
import { loadSealingKey } from './masks/masks.ts'
import { openFolderStore } from './store/embedded/embedded.ts'

const clock = systemClock()
const scratch = mkdtempSync(join(tmpdir(), 'rollcall-folders-'))
const at = (name: string) => join(scratch, name)
const dataDir = at('data')
const usual = { dataDir, rateMib: 100, withKeys: true, clock, say: () => {} }

describe('backup and restore of folders', () => {
  before(async () => {
    mkdirSync(dataDir, { mode: 0o700 })
    await loadSealingKey({ dataDir, random: systemRandom() })
    const store = await openFolderStore({ dataDir, clock })
    await store.close()
  })
  after(() => rmSync(scratch, { recursive: true, force: true }))

  it('make folders that are not there, and say what they have taken', async () => {
    const said = await backUpData({ ...usual, target: at('new/backup') })
    assert.match(said, /^The backup is complete: 1 file, 0\.3 MiB, the state of 20\S+Z\.\n/)
    assert.match(said, /It has sealing\.key too, for its owner alone \(0600\)/)
    const restored = await restoreData({ backup: at('new/backup'), target: at('new/data'), clock })
    assert.match(restored, /Start the server with DATA_DIR=\S+\/new\/data\./)
    assert.deepEqual(readdirSync(at('new/data')).sort(), ['sealing.key', 'store'])
    assert.deepEqual(readFileSync(at('new/data/sealing.key')), readFileSync(at('data/sealing.key')))
    await (await openFolderStore({ dataDir: at('new/data'), clock })).close()
  })

  it('say where a key has to come from that was left out', async () => {
    const said = await backUpData({ ...usual, withKeys: false, target: at('keyless') })
    assert.match(said, /It has no key file/)
    assert.deepEqual(readdirSync(at('keyless')).sort(), ['backup.json', 'store'])
    const restored = await restoreData({ backup: at('keyless'), target: at('keyless-data'), clock })
    assert.match(restored, /has no sealing\.key: put it there, or set SEALING_KEY/)
  })

  it('make nothing in a folder that they refuse', async () => {
    mkdirSync(at('full'))
    writeFileSync(at('full/notes.txt'), 'mine')
    await assert.rejects(backUpData({ ...usual, target: at('full') }), /is not empty \(notes\.txt\)/)
    await assert.rejects(restoreData({ backup: dataDir, target: at('full'), clock }), /is not empty/)
    assert.deepEqual(readdirSync(at('full')), ['notes.txt'])
    await assert.rejects(
      backUpData({ ...usual, dataDir: at('full'), target: at('none') }),
      /There is no store in/,
    )
    await assert.rejects(restoreData({ backup: at('absent'), target: at('none'), clock }), /There is no/)
    assert.equal(readdirSync(scratch).includes('none'), false)
  })

  it('refuse folders that lie in each other, by whatever name', async () => {
    symlinkSync(dataDir, at('link'))
    for (const target of [dataDir, at('data/store/inner'), at('link/inner'), scratch])
      await assert.rejects(backUpData({ ...usual, target }), /must not lie in each other/)
    assert.deepEqual(readdirSync(dataDir).sort(), ['sealing.key', 'store'])
  })

  it('say whether it is the backup that is damaged, or the data folder', async () => {
    await backUpData({ ...usual, target: at('damaged') })
    const file = at('damaged/store/00000001.log')
    const bytes = readFileSync(file)
    bytes[60] = (bytes[60] ?? 0) ^ 1
    writeFileSync(file, bytes)
    await assert.rejects(
      restoreData({ backup: at('damaged'), target: at('damaged-data'), clock }),
      /^Error: The backup is damaged, and nothing was restored: \S+\/damaged\/store\/00000001\.log .+\.$/,
    )
    cpSync(dataDir, at('broken'), { recursive: true })
    writeFileSync(at('broken/store/00000001.log'), bytes)
    await assert.rejects(
      backUpData({ ...usual, dataDir: at('broken'), target: at('of-broken') }),
      /The data folder is damaged: \S+\/broken\/store\/00000001\.log .*`rollcall check`/,
    )
  })

  it('leave a way where all there is is a damaged backup: a copy without its marker can be repaired', async () => {
    cpSync(at('damaged'), at('last-resort'), { recursive: true })
    rmSync(at('last-resort/backup.json'))
    await assert.rejects(openFolderStore({ dataDir: at('last-resort'), clock }), /is damaged/)
    assert.equal((await repairData(at('last-resort'), true, clock)).isGood, true)
    await (await openFolderStore({ dataDir: at('last-resort'), clock })).close()
  })

  it('are no data folders of a server', async () => {
    await backUpData({ ...usual, target: at('backup') })
    await assert.rejects(openFolderStore({ dataDir: at('backup'), clock }), /is a backup: `rollcall restore/)
    await assert.rejects(backUpData({ ...usual, dataDir: at('backup'), target: at('again') }), /is a backup/)
  })
})
