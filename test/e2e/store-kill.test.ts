import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../server/src/clock/clock.ts'
import { openFolderStore } from '../../server/src/store/embedded/embedded.ts'
import type { Store } from '../../server/src/store/store.ts'
import { entriesOf, liveOf } from '../helpers/mailbox-entries.ts'
import { makeDataDir } from '../helpers/run-server.ts'

const WRITER = fileURLToPath(new URL('../helpers/store-writer.ts', import.meta.url))
const LIVES = 4
const LINES = 1500

type Line = {
  readonly registered?: string
  readonly unregistering?: string
  readonly unregistered?: string
  readonly appended?: readonly [userId: string, eventId: string]
}

/** Lets a process write, kills it in the middle of it, and gives what it said. */
async function liveAndDie(dataDir: string, life: number): Promise<readonly Line[]> {
  const options = ['-C', 'source', '--import', 'tsx', WRITER, dataDir, String(life)]
  const writer = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: Line[] = []
  for await (const line of createInterface({ input: writer.stdout })) {
    // The last line may be cut off.
    if (line.endsWith('}')) lines.push(JSON.parse(line))
    if (lines.length === LINES + life * 7) writer.kill('SIGKILL')
  }
  if (writer.signalCode === null && writer.exitCode === null) await once(writer, 'exit')
  assert.equal(writer.signalCode, 'SIGKILL')
  return lines
}

async function assertKept(store: Store, lines: readonly Line[]): Promise<number> {
  const gone = new Set(lines.flatMap(({ unregistered }) => unregistered ?? []))
  const maybeGone = new Set(lines.flatMap(({ unregistering }) => unregistering ?? []))
  let checked = 0
  for (const { registered, appended } of lines) {
    const userId = registered ?? appended?.[0]
    if (userId === undefined) continue
    const endpoint = { organizationId: 'acme', userId, userEndpointId: 'phone' }
    const [registration] = await liveOf(store, endpoint)
    if (gone.has(userId)) assert.equal(registration, undefined, `${userId} was unregistered`)
    else assert(registration !== undefined || maybeGone.has(userId), `${userId} was registered`)
    if (registration === undefined || appended === undefined) continue
    const entries = await entriesOf(store, registration)
    const entry = entries.find(({ eventId }) => eventId === appended[1])
    assert.equal(
      Buffer.from(entry?.payload ?? [])
        .toString()
        .trimEnd(),
      appended[1],
    )
    checked++
  }
  return checked
}

describe('a store whose process is killed', () => {
  it('has everything that it ever confirmed, life after life', async () => {
    const dataDir = await makeDataDir()
    const lines: Line[] = []
    for (let life = 0; life < LIVES; life++) {
      lines.push(...(await liveAndDie(dataDir.path, life)))
      const store = await openFolderStore({ dataDir: dataDir.path, clock: systemClock() })
      const checked = await assertKept(store, lines)
      assert(checked > 100, `${checked} events were looked at`)
      await store.close()
    }
    await dataDir.remove()
  })
})
