import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { systemRandom } from '../clock/clock.ts'
import { loadSealingKey } from './sealing-key.ts'

const random = systemRandom()

describe('loadSealingKey', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sealing-key-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  test('makes a key for its owner alone, once, and leaves nothing else behind', async () => {
    const dataDir = join(folder, 'not', 'there')
    const key = await loadSealingKey({ dataDir, random })
    assert.equal(key.length, 32)
    assert.deepEqual(await loadSealingKey({ dataDir, random }), key)
    assert.deepEqual(await readdir(dataDir), ['sealing.key'])
    assert.deepEqual(await readFile(join(dataDir, 'sealing.key')), key)
    assert.equal((await stat(join(dataDir, 'sealing.key'))).mode & 0o777, 0o600)
  })

  test('several that start at once get one key', async () => {
    const keys = await Promise.all(
      Array.from({ length: 8 }, () => loadSealingKey({ dataDir: folder, random })),
    )
    assert.equal(new Set(keys.map((key) => key.toString('hex'))).size, 1)
    assert.deepEqual(await readdir(folder), ['sealing.key'])
  })

  test('the configuration comes first, and then no file is made', async () => {
    const key = random.bytes(32)
    for (const encoding of ['base64', 'base64url'] as const)
      assert.deepEqual(
        await loadSealingKey({ dataDir: folder, keyFromConfig: key.toString(encoding), random }),
        key,
      )
    assert.deepEqual(await readdir(folder), [])
    for (const keyFromConfig of [
      '',
      'secret',
      `${key.toString('base64')}!`,
      random.bytes(31).toString('base64'),
    ])
      await assert.rejects(loadSealingKey({ dataDir: folder, keyFromConfig, random }), (error: Error) => {
        assert.match(error.message, /32 bytes in base64/)
        return keyFromConfig === '' || !error.message.includes(keyFromConfig)
      })
  })

  test('refuses a file that others may read, or of another length, and leaves it alone', async () => {
    const file = join(folder, 'sealing.key')
    await writeFile(file, random.bytes(32), { mode: 0o600 })
    for (const mode of [0o640, 0o604, 0o660]) {
      await chmod(file, mode)
      await assert.rejects(loadSealingKey({ dataDir: folder, random }), /chmod 600/)
    }
    await chmod(file, 0o600)
    await writeFile(file, 'short')
    await assert.rejects(loadSealingKey({ dataDir: folder, random }), /exactly 32 bytes, but has 5/)
    assert.equal(await readFile(file, 'utf8'), 'short')
  })
})
