import { endpointTopic } from '@rollcall/protocol/topic'
import { cpuSeconds } from '../machine/process-usage.ts'
import { nowMs, nowNs, sleep } from '../machine/time.ts'
import { answerMessages } from './answer.ts'
import { Link } from './link.ts'
import type { ClosingsResult, ConnectResult, LinksPlan, ReceiverRequest, TallyResult } from './messages.ts'
import { openNchanLink } from './nchan-link.ts'
import { endpointId, readTokens, type Tokens, tokenOf, userId } from './roster.ts'
import { Tally } from './tally.ts'

// A process of its own: holds the links of many devices, and keeps account of what arrives.

const READ_BUFFER_BYTES = 65_536
/** Links that are about to open at one time. */
const OPENING_MAX = 64
/** Time without any event after which the missing ones are lost. */
const SILENCE_MS = 3_000
const POLL_MS = 20

type Links = {
  readonly plan: LinksPlan
  readonly tally: Tally
  readonly closedAtMs: Float64Array
  readonly open: Link[]
}

class Receiver {
  #links: Links | undefined

  async handle(request: ReceiverRequest): Promise<object> {
    switch (request.kind) {
      case 'connect':
        return this.#connect(request)
      case 'reconnect':
        return this.#reconnect()
      case 'tally':
        return this.#tally(request.issued, request.sequences)
      case 'closings':
        return this.#closings()
    }
  }

  async #connect(plan: LinksPlan): Promise<ConnectResult> {
    const closedAtMs = new Float64Array(plan.links).fill(-1)
    const links = { plan, tally: new Tally(plan.links), closedAtMs, open: [] }
    this.#links = links
    const startMs = nowMs()
    const startCpuSeconds = cpuSeconds(plan.serverPid, plan.ticksPerSecond)
    await openLinks(links)
    return {
      wallSeconds: (nowMs() - startMs) / 1000,
      serverCpuSeconds: cpuSeconds(plan.serverPid, plan.ticksPerSecond) - startCpuSeconds,
    }
  }

  async #reconnect(): Promise<object> {
    await openLinks(this.#opened())
    return {}
  }

  async #tally(issued: number, sequences: readonly [number, number]): Promise<TallyResult> {
    const { tally } = this.#opened()
    let last = { received: tally.received, atMs: nowMs() }
    while (tally.received < issued && nowMs() - last.atMs < SILENCE_MS) {
      await sleep(POLL_MS)
      if (tally.received > last.received) last = { received: tally.received, atMs: nowMs() }
    }
    // One more moment, for an event that comes twice.
    await sleep(POLL_MS)
    return tally.result(issued, sequences)
  }

  async #closings(): Promise<ClosingsResult> {
    return { closedAtMs: [...this.#opened().closedAtMs] }
  }

  #opened(): Links {
    if (this.#links === undefined) throw new Error('not connected')
    return this.#links
  }
}

/** Some at a time; one that is open already is closed first. */
async function openLinks(links: Links): Promise<void> {
  const { plan } = links
  const tokens = readTokens(plan.tokensFile)
  const readBuffer = Buffer.alloc(READ_BUFFER_BYTES)
  let next = 0
  const openOneByOne = async (): Promise<void> => {
    while (next < plan.links) await openLink(links, tokens, readBuffer, next++)
  }
  await Promise.all(Array.from({ length: OPENING_MAX }, openOneByOne))
}

async function openLink(
  { plan: { port, stride, first = 0, endpointsPerUser, speaks }, tally, closedAtMs, open }: Links,
  tokens: Tokens,
  readBuffer: Buffer,
  device: number,
): Promise<void> {
  const endpoint = first + device * stride
  const user = Math.floor(endpoint / endpointsPerUser)
  const onEvent = (bytes: Buffer, start: number, end: number): void =>
    tally.count(device, bytes, start, end, nowNs())
  if (speaks === 'nchan') return openNchanLink({ port, user: userId(user), readBuffer, onEvent })
  open[device]?.close()
  open[device] = await Link.open({
    port,
    clientId: `bench-${endpoint}`,
    userName: userId(user),
    token: tokenOf(tokens, user),
    topic: endpointTopic(endpointId(endpoint)),
    readBuffer,
    onEvent,
    onClosed: () => {
      closedAtMs[device] = nowMs()
    },
  })
}

const receiver = new Receiver()
answerMessages((request: ReceiverRequest) => receiver.handle(request))
