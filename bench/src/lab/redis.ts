import { connect } from 'node:net'
import { join } from 'node:path'
import { pinned } from '../machine/cores.ts'
import { nowMs, sleep } from '../machine/time.ts'
import type { Child, Children } from './children.ts'
import { freePort } from './free-port.ts'

const PROGRAM = 'redis-server'
const SLOTS = 16_384
const READY_TIMEOUT_MS = 30_000
const POLL_MS = 25
const ANSWER_TIMEOUT_MS = 10_000

/** Below a server: one Redis, or the primaries of a cluster; nothing but what one run keeps in it. */
export type Redis = AsyncDisposable & {
  /** As `REDIS_URL` names it. */
  readonly url: string
  readonly pids: readonly number[]
  /** What all of them have in memory, by their own `used_memory`. */
  usedBytes(): Promise<number>
}

export type RedisOptions = {
  /** 1: no cluster. */
  readonly primaries: number
  /** Where each is to have a folder of its own. */
  readonly newFolder: () => string
  readonly cores: string | undefined
}

/** As `docs/cluster.md` has it where nothing may be lost: whatever was answered is on disk. */
const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', '']

export async function startRedis(children: Children, options: RedisOptions): Promise<Redis> {
  const members: Member[] = []
  for (let index = 0; index < options.primaries; index++) members.push(await startOne(children, options))
  if (options.primaries > 1) await meet(members)
  return {
    url: `redis://${members.map(({ port }) => `127.0.0.1:${port}`).join()}`,
    pids: members.map(({ child }) => child.pid),
    async usedBytes() {
      const all = await Promise.all(members.map(({ port }) => ask(port, 'INFO memory')))
      return all.map(usedMemory).reduce((sum, bytes) => sum + bytes, 0)
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(members.map(({ child }) => child.stop('SIGKILL')))
    },
  }
}

type Member = { readonly child: Child; readonly port: number; readonly busPort: number }

async function startOne(children: Children, { primaries, newFolder, cores }: RedisOptions): Promise<Member> {
  const [port, busPort, folder] = [await freePort(), await freePort(), newFolder()]
  const clustered =
    primaries === 1
      ? []
      : ['--cluster-enabled', 'yes', '--cluster-port', String(busPort), '--cluster-node-timeout', '5000']
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...DURABLE, ...clustered]
  const [program, all] = pinned(cores, PROGRAM, [...args, '--logfile', join(folder, 'log')])
  const child = children.start('Redis', program, all, { stdio: ['ignore', 'ignore', 'pipe'] })
  await child.during(until('Redis', async () => (await ask(port, 'PING')).includes('PONG')))
  return { child, port, busPort }
}

/** Each gets its share of the slots, and hears of the others from the first one. */
async function meet(members: readonly Member[]): Promise<void> {
  for (const [index, { port }] of members.entries()) {
    await obeyed(port, `CLUSTER SET-CONFIG-EPOCH ${index + 1}`)
    await obeyed(port, `CLUSTER ADDSLOTSRANGE ${slotsOf(index, members.length).join(' ')}`)
  }
  const [first, ...others] = members
  if (first === undefined) throw new Error('a cluster has primaries')
  for (const { port, busPort } of others)
    await obeyed(first.port, `CLUSTER MEET 127.0.0.1 ${port} ${busPort}`)
  await until('the cluster', async () => {
    const all = await Promise.all(members.map(({ port }) => ask(port, 'CLUSTER INFO')))
    return all.every((info) => isWhole(info, members.length))
  })
}

/** The first and the last of one primary's slots: each of them is somebody's, and nobody else's. */
export function slotsOf(index: number, primaries: number): readonly [number, number] {
  const from = (place: number): number => Math.ceil((place * SLOTS) / primaries)
  return [from(index), from(index + 1) - 1]
}

export function isWhole(info: string, primaries: number): boolean {
  const has = (line: string): boolean => info.split('\r\n').includes(line)
  return has('cluster_state:ok') && has(`cluster_size:${primaries}`) && has(`cluster_slots_ok:${SLOTS}`)
}

/** @throws Error where it does not say */
export function usedMemory(info: string): number {
  const [, bytes] = /^used_memory:(\d+)\r?$/m.exec(info) ?? []
  if (bytes === undefined) throw new Error('Redis does not tell how much memory it uses')
  return Number(bytes)
}

async function until(name: string, isSo: () => Promise<boolean>): Promise<void> {
  const giveUpAtMs = nowMs() + READY_TIMEOUT_MS
  while (!(await isSo().catch(() => false))) {
    if (nowMs() > giveUpAtMs) throw new Error(`${name} does not become ready`)
    await sleep(POLL_MS)
  }
}

async function obeyed(port: number, words: string): Promise<void> {
  const answer = await ask(port, words)
  if (!answer.startsWith('+OK')) throw new Error(`Redis answers ${words} with ${answer.trim()}`)
}

/** One command over a connection for it alone; the answer as it is on the wire. */
function ask(port: number, words: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    socket.setEncoding('latin1').setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy(new Error('no answer')))
    socket.on('data', (chunk: string) => {
      text += chunk
    })
    socket.once('error', reject)
    socket.once('close', () => resolve(text))
    // QUIT ends the connection after the answer, and thereby says where that ends.
    socket.write(`${words}\r\nQUIT\r\n`)
  })
}
