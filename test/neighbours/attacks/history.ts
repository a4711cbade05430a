import assert from 'node:assert/strict'
import { call } from '../../helpers/call.ts'
import type { Attack } from '../attack.ts'
import { NO_SHARES } from '../plants.ts'
import type { Scene } from '../scene.ts'
import { flood, statusOf } from '../tools.ts'
import type { Victim } from '../victim.ts'

const HISTORY_BYTES_MAX = 4_194_304

/** More history than there is room for, all in one's own organization. */
export const attack: Attack = {
  name: 'history',
  protects: 'a flood of events pushes out its own history only',
  without: { env: NO_SHARES },
  env: { HISTORY_BYTES_MAX: String(HISTORY_BYTES_MAX) },
  async run(target, signal) {
    const event = { type: 'CallOfferedEvent', timestamp: '2026-01-01T12:00:00Z', text: 'x'.repeat(60_000) }
    const body = { userId: 'mallory', qos: 0, event }
    await statusOf(target, target.mallory.token, 'POST /rtc-api/users/endpoints/register', {
      keepAliveSeconds: 600,
    })
    const send = () => statusOf(target, target.backendToken, 'POST /rtc-api/users/endpoints/sendEvent', body)
    return flood(8, signal, send)
  },
  async judge(scene, victim) {
    const listed = await historyOf(scene, victim)
    const lost = victim.accepted.filter((id) => !listed.has(id))
    assert.deepEqual(lost, [], `of ${victim.accepted.length} events, ${lost.length} are not in the history`)
    await assertFlooded(scene)
  },
}

/** The ids of all that the victim's history shows. */
async function historyOf({ server }: Scene, { backendToken }: Victim): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  for (let cursor = ''; ; ) {
    const { status, json } = await call(server.url, backendToken, `GET events?limit=100${cursor}`)
    assert.equal(status, 200)
    const { events, nextCursor } = json as { events: { id: string }[]; nextCursor?: string }
    for (const { id } of events) ids.add(id)
    if (nextCursor === undefined) return ids
    cursor = `&cursor=${encodeURIComponent(nextCursor)}`
  }
}

/** Otherwise nothing was tried: the history went past its bound, and came back below it at the attacker's cost. */
async function assertFlooded({ server }: Scene): Promise<void> {
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  const figure = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1])
  assert.ok(figure('rollcall_share_evicted_total{thing="historyBytes"}') > HISTORY_BYTES_MAX)
  assert.ok(figure('rollcall_history_bytes') <= HISTORY_BYTES_MAX + 2_097_152)
}
