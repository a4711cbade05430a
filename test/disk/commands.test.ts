import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeDataDir, startProcess } from '../helpers/run-server.ts'

const CLI = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url))

let data: Awaited<ReturnType<typeof makeDataDir>>
const store = () => join(data.path, 'store')
const env = () => ({ PATH: process.env['PATH'], DATA_DIR: data.path })

function rollcall(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    env: env(),
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

/** Why a start was refused. */
async function refusal(): Promise<string> {
  const started = await startProcess(data.path).catch((error: unknown) => String(error))
  if (typeof started === 'string') return started
  await started.terminate()
  return 'it started'
}

before(async () => {
  data = await makeDataDir()
  const server = await startProcess(data.path)
  assert.match(rollcall('check').stderr, /in use by process \d+/)
  assert.equal(await server.terminate(), 0)
})
after(() => data.remove())

describe('rollcall check and repair', () => {
  it('tell of each file that it is good', () => {
    const { status, stdout } = rollcall('check')
    assert.equal(status, 0)
    assert.match(stdout, /manifest +good .*\n +0+1\.log +good .*commits?\n[\s\S]*Nothing is wrong\.\n$/)
    assert.match(rollcall('repair', '--drop-damaged').stdout, /Nothing is wrong; nothing was changed\.\n$/)
  })

  it('say nothing of a folder that has no store yet', () => {
    const dir = join(data.path, 'other')
    const { status, stdout } = spawnSync(process.execPath, [CLI, 'check'], {
      env: { ...env(), DATA_DIR: dir },
      encoding: 'utf8',
    })
    assert.equal(status, 0)
    assert.match(stdout, /no store yet/)
    assert.equal(existsSync(dir), false)
  })

  it('name what is wrong, list what is given up, and give it up only with the flag', async () => {
    const log = join(store(), readdirSync(store()).find((name) => name.endsWith('.log')) ?? '')
    const bytes = readFileSync(log)
    writeFileSync(log, bytes.fill(0, 0, 512))
    const refused = await refusal()
    assert.ok(refused.includes(`${log} is damaged at byte 0`), refused)
    assert.match(refused, /`rollcall check`.*`rollcall repair --drop-damaged`/)
    for (const args of [['check'], ['repair']]) {
      const { status, stdout } = rollcall(...args)
      assert.equal(status, 1)
      assert.match(
        stdout,
        /\.log +WRONG .*\n[\s\S]*Would be given up:\n.*\.log: commit 1: all that was written in it/,
      )
    }
    assert.deepEqual(readFileSync(log), bytes)
    const { status, stdout } = rollcall('repair', '--drop-damaged')
    assert.equal(status, 0)
    assert.match(stdout, /Given up:\n.*commit 1[\s\S]*Repaired\./)
    assert.ok(existsSync(`${log}.damaged`))
    assert.equal(rollcall('check').status, 0)
    assert.equal(await refusal(), 'it started')
  })

  it('do not take a store that is gone for a new one, where its sealing key is left', async () => {
    for (const name of readdirSync(store())) if (name !== 'lock') rmSync(join(store(), name))
    for (const isFolderThere of [true, false]) {
      if (!isFolderThere) rmSync(store(), { recursive: true })
      const refused = await refusal()
      assert.match(
        refused,
        /store\/manifest is missing, though the sealing\.key in .* shows that there was a store/,
      )
      assert.match(refused, /`rollcall check`.*`rollcall repair --drop-damaged`/)
      const { status, stdout } = rollcall('check')
      assert.equal(status, 1)
      assert.match(stdout, /manifest +WRONG .*missing[\s\S]*Would be given up:\n +manifest: everything/)
    }
    assert.equal(rollcall('repair', '--drop-damaged').status, 0)
    assert.equal(await refusal(), 'it started')
  })

  it('refuse an empty file of the last release beside a sealing key', async () => {
    rmSync(store(), { recursive: true })
    mkdirSync(store())
    writeFileSync(join(store(), 'data.mdb'), '')
    assert.match(await refusal(), /manifest is missing, and data\.mdb beside it is empty/)
  })
})
