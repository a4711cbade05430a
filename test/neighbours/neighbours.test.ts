import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Attack } from './attack.ts'
import { ATTACKS } from './attacks.ts'
import { openScene, type Scene } from './scene.ts'
import type { Target } from './target.ts'
import { Victim } from './victim.ts'

const ATTACKER = fileURLToPath(new URL('attacker.ts', import.meta.url))
const isAll = process.env['NEIGHBOURS'] === 'all'
const only = process.env['NEIGHBOURS_ONLY']?.split(',')
const SECONDS = isAll ? 20 : 6
/** Tries of a case whose latencies were missed: the machine may have been busy with something else. */
const TRIES = 3

const attacks = ATTACKS.filter(({ name }) => only?.includes(name) ?? true).filter(
  ({ isLong = false }) => isAll || only !== undefined || !isLong,
)

for (const attack of attacks)
  test(`${attack.name}: ${attack.protects}`, { timeout: 180_000 }, async (t) => {
    for (let attempt = 1; ; attempt++) {
      const late = await stand(attack, (line) => t.diagnostic(line))
      if (late === undefined) return
      if (attempt === TRIES) throw late
      t.diagnostic(`tried again: ${late.message}`)
    }
  })

/** One round beside the attacker. Losses fail at once; latencies that were missed are given back. */
async function stand(attack: Attack, tell: (line: string) => void): Promise<Error | undefined> {
  const scene = await openScene(attack.env)
  const victim = new Victim(scene)
  try {
    const target = await scene.target()
    await victim.start()
    await sleep(1_000)
    await attack.prepare?.(scene, victim)
    const attacking = withAttacker(attack, target)
    if (attack.during !== undefined) {
      await sleep(SECONDS * 600)
      await attack.during(scene, victim)
    }
    const tally = await attacking
    tell(`attacker: ${tally}`)
    if (attack.mustTell !== undefined) assert.match(tally, attack.mustTell)
    await victim.stop()
    tell(victim.summary())
    await victim.judgeLosses()
    await attack.judge?.(scene, victim)
    return lateness(victim)
  } catch (error) {
    tell(await lastWords(scene))
    throw error
  } finally {
    await victim.close()
    await scene.close()
  }
}

function lateness(victim: Victim): Error | undefined {
  try {
    victim.judgeLatencies()
    return undefined
  } catch (error) {
    return error as Error
  }
}

async function lastWords({ server }: Scene): Promise<string> {
  return server.output().split('\n').slice(-20).join('\n')
}

/** Runs the attacker's process to its end, and gives what it has counted. */
async function withAttacker(attack: Attack, target: Target): Promise<string> {
  const options = ['-C', 'source', '--import', 'tsx', ATTACKER]
  const args = [attack.name, String(SECONDS), JSON.stringify(target)]
  const child: ChildProcess = spawn(process.execPath, [...options, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const overdue = setTimeout(() => child.kill('SIGKILL'), (SECONDS + 15) * 1000)
  await once(child, 'close')
  clearTimeout(overdue)
  return output
}
