import assert from 'node:assert/strict'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { open } from 'lmdb'
import { createFakeClock } from '../../../../../test/helpers/fake-clock.ts'
import { entriesOf, liveOf } from '../../contract/entries.ts'
import type { EndpointKey, HistoryRecord, Store } from '../../store.ts'
import { silentLog } from '../../store-log.ts'
import { openDiskRows } from '../disk/disk-rows.ts'
import type { Files, NewFile } from '../disk/files.ts'
import { inlineMerger } from '../disk/mergers.ts'
import { makeFolder, nodeFiles } from '../disk/node-files.ts'
import { ownIdentity } from '../disk/process-identity.ts'
import { openFolderStore } from '../embedded.ts'
import { encodeFields } from '../fields.ts'
import { migrate } from './migrate.ts'

const FIXTURE = new URL('../../../../../test/fixtures/data-folder-0.1/', import.meta.url)
const DATA = gunzipSync(readFileSync(new URL('data.mdb.gz', FIXTURE)))
const EXPECTED: {
  readonly wallMs: number
  readonly endpoints: readonly { readonly endpoint: EndpointKey }[]
} = JSON.parse(gunzipSync(readFileSync(new URL('expected.json.gz', FIXTURE))).toString('utf8'))

const scratch = mkdtempSync(join(tmpdir(), 'rollcall-migrate-'))
after(() => rmSync(scratch, { recursive: true, force: true }))
let folders = 0

function oldFolder(): string {
  const dataDir = join(scratch, String(folders++))
  mkdirSync(join(dataDir, 'store'), { recursive: true })
  writeFileSync(join(dataDir, 'store', 'data.mdb'), DATA)
  writeFileSync(join(dataDir, 'store', 'lock.mdb'), '')
  return dataDir
}

/** What the old engine was asked when the folder was made, in the same order. */
async function answersOf(store: Store): Promise<unknown> {
  const { wallMs } = EXPECTED
  const endpoints: object[] = []
  for (const { endpoint } of EXPECTED.endpoints) endpoints.push(await endpointOf(store, endpoint))
  const { records } = await store.history.list({}, undefined, 1000)
  const history = records.map((record: HistoryRecord) => ({ ...record, event: text(record.event, 'utf8') }))
  const answers: unknown[] = []
  for (let i = 0; i < 120; i += 5) {
    const organizationId = i % 4 === 0 ? 'globex' : 'acme'
    const owner = { organizationId, userId: 'backend' }
    const claim = { owner, key: `key-${i}`, rememberMs: 1, token: `token-${i}` }
    const found = await store.replies.claim(claim, owner)
    answers.push(found.kind === 'known' ? found.reply : null)
  }
  const rest = {
    keys: await store.signingKeys.list(),
    revokedTokens: await store.revokedTokens.list(),
    revokedUsers: await store.revokedUsers.list(),
    family: await store.refreshFamilies.find('family'),
    lastSeen: await store.lastSeen.find({ organizationId: 'acme', userId: 'user-1' }),
  }
  const feed = await store.feed.read('acme', 0, 1000)
  return JSON.parse(JSON.stringify({ wallMs, endpoints, history, answers, feed, rest }))
}

async function endpointOf(store: Store, endpoint: EndpointKey): Promise<object> {
  const [registration] = await liveOf(store, endpoint)
  if (registration === undefined) return { endpoint }
  const { keepAliveSeconds, registrationId } = registration
  const entries = await entriesOf(store, registration)
  const shown = entries.map((entry) => ({ ...entry, payload: text(entry.payload, 'base64') }))
  return { endpoint, keepAliveSeconds, registrationId, entries: shown }
}

function text(bytes: Uint8Array, encoding: BufferEncoding): string {
  return Buffer.from(bytes).toString(encoding)
}

/** Without members that the old engine did not know. */
function likeOld(now: unknown, old: unknown): unknown {
  if (Array.isArray(now) && Array.isArray(old)) return now.map((item, index) => likeOld(item, old[index]))
  if (!isObject(now) || !isObject(old)) return now
  const known = Object.keys(now).filter((name) => name in old)
  return Object.fromEntries(known.map((name) => [name, likeOld(now[name], old[name])]))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const clock = createFakeClock({ wallMs: EXPECTED.wallMs })

async function assertTakenOver(dataDir: string): Promise<void> {
  const store = await openFolderStore({ dataDir, clock })
  assert.deepEqual(likeOld(await answersOf(store), EXPECTED), EXPECTED)
  await store.close()
}

describe('the data folder of the last release', () => {
  it('is taken over whole, with everything that its engine answered, and stays so', async () => {
    const dataDir = oldFolder()
    const said: string[] = []
    const log = { ...silentLog, info: (message: string) => void said.push(message) }
    const store = await openFolderStore({ dataDir, clock, log })
    assert.deepEqual(likeOld(await answersOf(store), EXPECTED), EXPECTED)
    await store.close()
    assert.match(said.join('\n'), /taking over the data folder.*\n.*took over the data folder/)
    await assertTakenOver(dataDir)
  })

  it('survives a crash at any point, and keeps the old files until the new are complete', async () => {
    let crashes = 0
    for (let operations = 0; ; operations++) {
      const dataDir = oldFolder()
      const folder = join(dataDir, 'store')
      const hasEnded = await migrateUntil(folder, operations)
      const names = readdirSync(folder)
      if (!names.includes('manifest')) assert.deepEqual(readFileSync(join(folder, 'data.mdb')), DATA)
      await assertTakenOver(dataDir)
      assert.deepEqual(
        readdirSync(folder).filter((name) => /tmp|guard|migrating|owner/.test(name)),
        [],
      )
      if (hasEnded) break
      crashes++
    }
    assert.ok(crashes > 10, `${crashes}`)
  })

  it('is refused by the last release afterwards, in its own words', async () => {
    const dataDir = oldFolder()
    await assertTakenOver(dataDir)
    const copy = join(dataDir, 'copy')
    cpSync(join(dataDir, 'store'), copy, { recursive: true })
    const binary = { encoding: 'binary', keyEncoding: 'binary' } as const
    const root = open({ path: copy, ...binary, maxDbs: 30 })
    // What it looks at first: any number above 1 is "a newer version".
    assert.deepEqual(root.openDB('meta', binary).get(Buffer.from('format')), encodeFields([2]))
    await root.close()
  })

  it('is left alone while the last release runs on it', async () => {
    const dataDir = oldFolder()
    const owner = join(dataDir, 'store', 'owner')
    writeFileSync(owner, JSON.stringify({ ...ownIdentity(), pidNamespace: 'pid:[1]' }))
    const refused = assert.rejects(openFolderStore({ dataDir, clock }), /in use by process/)
    await clock.advance(1000)
    utimesSync(owner, 1, 1)
    await clock.advance(3000)
    await refused
    writeFileSync(owner, JSON.stringify(ownIdentity()))
    await assert.rejects(openFolderStore({ dataDir, clock }), /in use by process/)
    writeFileSync(owner, JSON.stringify({ ...ownIdentity(), startedAt: '1' }))
    await assertTakenOver(dataDir)
  })
})

/** Migrates until a crash after so many operations on files. Tells whether it came to its end before. */
async function migrateUntil(folder: string, operations: number): Promise<boolean> {
  makeFolder(folder)
  const files = mortal(nodeFiles(folder), operations)
  const openRows = (files: Files) =>
    openDiskRows({ files, clock, merger: inlineMerger(files), newStoreId: () => '00112233445566ff' })
  try {
    await migrate({ files, clock, log: silentLog, openRows })
    return true
  } catch (error) {
    assert.match(String(error), /the process is dead/)
    return false
  }
}

/** Files of a process that dies after so many operations: none of it reaches the disk from then on. */
function mortal(files: Files, operations: number): Files {
  let left = operations
  const live = async <T>(run: () => Promise<T>): Promise<T> => {
    if (left-- <= 0) throw new Error('the process is dead')
    return run()
  }
  const mortalFile = (name: string, file: NewFile): NewFile => ({
    ...file,
    append: (bytes) => live(() => file.append(bytes)),
    finish: () => live(() => file.finish()),
    // A dead process leaves behind what it had begun.
    async abandon() {
      const path = join(files.path, `${name}.tmp`)
      const begun = readFileSync(path)
      await file.abandon()
      writeFileSync(path, begun)
    },
  })
  return {
    ...files,
    create: async (name) => mortalFile(name, await live(() => files.create(name))),
    async openLog(name) {
      const log = await live(() => files.openLog(name))
      return { ...log, write: (...to) => live(() => log.write(...to)) }
    },
    rename: (from, to) => live(() => files.rename(from, to)),
    remove: (name) => live(() => files.remove(name)),
  }
}
