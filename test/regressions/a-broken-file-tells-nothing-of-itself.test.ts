import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { identityProblem } from '../../server/src/auth/auth.ts'
import { readConfigFile, readConfiguration } from '../../server/src/config/config.ts'

const MAIN = fileURLToPath(new URL('../../server/src/main.ts', import.meta.url))
const SECRET = 'Zq7xW2kV9mB4nT6pL8rD3sF5'

/** Texts that are broken at every kind of place, each with the secret near by. */
function broken(good: string): readonly string[] {
  const at = good.indexOf(SECRET)
  return [
    good.slice(0, at + 10),
    good.slice(0, at - 1) + good.slice(at),
    good.replace(`"${SECRET}"`, SECRET),
    good.replace(`"${SECRET}"`, `'${SECRET}'`),
    good.replace(`"${SECRET}"`, `"${SECRET}" "${SECRET}"`),
    good.replace(`"${SECRET}"`, `"${SECRET}\n"`),
    good.replace(/"([a-zA-Z]+)": *"Zq7/, '"$1:Zq7'),
    `${good}${SECRET}`,
    SECRET,
    '',
  ]
}

/** No piece of the secret, however short, as long as it can be told from a word. */
function assertTellsNothing(text: string, of: string): void {
  for (let at = 0; at + 4 <= SECRET.length; at++)
    assert.equal(text.includes(SECRET.slice(at, at + 4)), false, `${text} (${of})`)
}

describe('a file that cannot be read', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rollcall-broken-'))
  })
  after(() => rm(folder, { recursive: true }))

  async function write(text: string): Promise<string> {
    const file = join(folder, 'file.json')
    await writeFile(file, text)
    await chmod(file, 0o600)
    return file
  }

  it('is a configuration: the error says which file, and nothing that stands in it', async () => {
    const good = `{"port": 8080, "turnSecret": "${SECRET}", "host": "127.0.0.1"}`
    for (const text of broken(good)) {
      const file = await write(text)
      const read = () => readConfiguration({}, readConfigFile(file))
      assert.throws(read, (error: Error) => {
        assertTellsNothing(error.message, text)
        return true
      })
    }
    assert.throws(() => readConfigFile(join(folder, 'none')), /none cannot be read \(ENOENT\)/)
    assert.throws(() => readConfigFile(folder), /cannot be read \(EISDIR\)/)
  })

  it('is a directory: neither does its error, nor that of foreign issuers', async () => {
    const good = `{"organizations":[{"id":"acme"}],"clients":[{"id":"b","secretHash": "${SECRET}","grants":[]}]}`
    for (const text of [...broken(good), good.replace('secretHash', `${SECRET}=`)]) {
      const directoryFile = await write(text)
      const problem = await identityProblem({ directoryFile, foreignIssuers: undefined })
      assert.ok(problem?.includes(directoryFile))
      assertTellsNothing(problem ?? '', text)
    }
    for (const text of broken(`[{"issuer":"https://a.example","jwksUri": "${SECRET}"}]`)) {
      const read = () => readConfiguration({ FOREIGN_ISSUERS: text }, undefined).foreignIssuers
      if (text === '') continue
      assert.throws(read, (error: Error) => {
        assertTellsNothing(error.message, text)
        return true
      })
    }
  })

  it('is told by the command without a piece of it, on any stream', async () => {
    const file = await write(`{"turnSecret": ${SECRET}}`)
    const options = ['-C', 'source', '--import', 'tsx', MAIN]
    for (const args of [
      ['check-config', '--config', file],
      ['hash-secret', SECRET],
    ]) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [...options, ...args], { input: '' })
      assert.equal(status, 2)
      assert.match(String(stderr), /^rollcall: /)
      assertTellsNothing(`${stdout}${stderr}`, args.join(' '))
    }
  })
})
