import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Attack } from './attack.ts'
import { openScene, type Scene } from './scene.ts'
import type { Target } from './target.ts'
import { Victim } from './victim.ts'

const ATTACKER = fileURLToPath(new URL('attacker.ts', import.meta.url))

/** For what the victim does while the attack goes on. */
const PATIENCE_MS = 10_000

export type RoundOptions = {
  /** How long the attack lasts. */
  readonly seconds: number
  /** How long the victim works before it, so that what follows says something about latencies. Default 1,000. */
  readonly settleMs?: number
  /** Whether the server has what protects the victim. Default: yes. */
  readonly isProtected?: boolean
  /** Told what a person may want to know. */
  readonly tell: (line: string) => void
}

/** What the victim felt of the attacker beside it. */
export type Felt = {
  /** What it lost, or was refused; `undefined`: nothing. */
  readonly loss: Error | undefined
  /** Latencies that were missed: apart, since a busy machine can make it fail. */
  readonly lateness: Error | undefined
}

/** One round beside the attacker. @throws where there was none */
export async function standBeside(
  attack: Attack,
  { seconds, settleMs = 1_000, isProtected = true, tell }: RoundOptions,
): Promise<Felt> {
  const without = isProtected ? {} : attack.without
  const scene = await openScene({
    env: { ...attack.env, ...without.env },
    plants: [...(attack.plants ?? []), ...(without.plants ?? [])],
  })
  const victim = new Victim(scene)
  try {
    const target = await scene.target()
    await victim.start()
    await sleep(settleMs)
    await attack.prepare?.(scene, victim)
    const loss = await errorOf(() => suffer(attack, { scene, victim, target, seconds, tell }))
    if (loss !== undefined && isProtected) tell(lastWords(scene))
    return { loss, lateness: await errorOf(() => victim.judgeLatencies()) }
  } finally {
    await victim.close()
    await scene.close()
  }
}

type Suffering = Pick<RoundOptions, 'seconds' | 'tell'> & {
  readonly scene: Scene
  readonly victim: Victim
  readonly target: Target
}

async function suffer(attack: Attack, { scene, victim, target, seconds, tell }: Suffering): Promise<void> {
  const attacking = withAttacker(attack, target, seconds)
  try {
    await sleep(seconds * 600)
    await inTime(attack.during?.(scene, victim))
  } finally {
    await attacking
  }
  const tally = await attacking
  tell(`attacker: ${tally}`)
  if (attack.mustTell !== undefined) assert.match(tally, attack.mustTell)
  await victim.stop()
  tell(victim.summary())
  await victim.judgeLosses()
  await attack.judge?.(scene, victim)
}

/** Who is never answered is not to wait for ever. */
async function inTime(work: Promise<void> | undefined): Promise<void> {
  const late = sleep(PATIENCE_MS, undefined, { ref: false }).then(() => {
    throw new Error(`not done in ${PATIENCE_MS} ms`)
  })
  late.catch(() => undefined)
  await Promise.race([work, late])
}

function lastWords({ server }: Scene): string {
  return server.output().split('\n').slice(-20).join('\n')
}

async function errorOf(work: () => void | Promise<void>): Promise<Error | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** Runs the attacker's process to its end, and gives what it has counted. */
async function withAttacker(attack: Attack, target: Target, seconds: number): Promise<string> {
  const options = ['-C', 'source', '--import', 'tsx', ATTACKER]
  const args = [attack.name, String(seconds), JSON.stringify(target)]
  const child = spawn(process.execPath, [...options, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const overdue = setTimeout(() => child.kill('SIGKILL'), (seconds + 15) * 1000)
  await once(child, 'close')
  clearTimeout(overdue)
  return output
}
