import { cpuSeconds } from '../machine/process-usage.ts'
import { nowNs, sleep } from '../machine/time.ts'
import { answerMessages } from './answer.ts'
import { ComeAndGo } from './come-and-go.ts'
import { ConnectionPool } from './connection-pool.ts'
import { Keepalive } from './keepalive.ts'
import { LinkKeepalive } from './link-keepalive.ts'
import { Load, type Pace } from './load.ts'
import type { EndpointShare, PacePlan, SenderPlan, SenderResult } from './messages.ts'
import { NchanPost } from './nchan-post.ts'
import { BackToBack, SteadyRate } from './pace.ts'
import { Publish } from './publish.ts'
import { type Publisher, PublisherPool } from './publisher-pool.ts'
import { Register } from './register.ts'
import { BACKEND, readTokens, type Tokens, tokenOf, userId } from './roster.ts'
import { SendEvent } from './send-event.ts'
import { SendEvents } from './send-events.ts'
import { SipRegister } from './sip-register.ts'
import { TopicPublish } from './topic-publish.ts'
import { UdpPool } from './udp-pool.ts'
import type { Pool, Work } from './work.ts'

// A process of its own: makes requests as the plan says, and reports.

const ANSWER_TIMEOUT_MS = 30_000
/** Slowest that a counted load may be. */
const PER_SECOND_MIN = 500
/** Wall-clock time that a measurement may take, by the server's CPU time. */
const PATIENCE = 20
const CPU_POLL_MS = 50

type Moment = {
  readonly atNs: number
  readonly issued: number
  readonly answered: number
  readonly serverCpuSeconds: number
  readonly redisCpuSeconds: number
  readonly senderCpuSeconds: number
}

async function run(plan: SenderPlan): Promise<SenderResult> {
  const work = createWork(plan)
  const batch = work.batch ?? 1
  const load = new Load(work, createPace(plan.pace), createPool(plan))
  const [begin, end] = await makeRequests(load, plan)
  load.close()
  return {
    issued: load.issued * batch,
    refused: load.refused,
    firstRefusal: load.firstRefusal,
    operations: (end.answered - begin.answered) * batch,
    wallSeconds: (end.atNs - begin.atNs) / 1e9,
    serverCpuSeconds: end.serverCpuSeconds - begin.serverCpuSeconds,
    redisCpuSeconds: end.redisCpuSeconds - begin.redisCpuSeconds,
    senderCpuSeconds: end.senderCpuSeconds - begin.senderCpuSeconds,
    sequences: [begin.issued * batch, end.issued * batch],
    deadlinesMs: work instanceof Register ? work.deadlinesMs() : [],
  }
}

/** The moments between which it counted. */
async function makeRequests(load: Load, plan: SenderPlan): Promise<readonly [Moment, Moment]> {
  const { pace } = plan
  const isCounted = pace.kind === 'count'
  const started = momentOf(load, plan)
  await load.start(plan.slots)
  if (isCounted) {
    await load.idle(ANSWER_TIMEOUT_MS + (pace.count / PER_SECOND_MIN) * 1000)
    return [started, momentOf(load, plan)]
  }
  await load.during(pass(pace.warmUpSeconds, plan))
  const begin = momentOf(load, plan)
  await load.during(pass(pace.measuredSeconds, plan))
  const end = momentOf(load, plan)
  load.stop()
  await load.idle(ANSWER_TIMEOUT_MS)
  return [begin, end]
}

/**
 * Lets time pass: at a steady rate by the wall clock, otherwise by the server's CPU time, so that a machine that
 * is busy with something else measures no less than an idle one.
 */
async function pass(seconds: number, { pace, serverPid, ticksPerSecond }: SenderPlan): Promise<void> {
  if (pace.kind === 'steady') {
    await sleep(seconds * 1000)
    return
  }
  const until = cpuSeconds(serverPid, ticksPerSecond) + seconds
  const giveUpAtNs = nowNs() + seconds * PATIENCE * 1e9
  while (cpuSeconds(serverPid, ticksPerSecond) < until) {
    if (nowNs() > giveUpAtNs) throw new Error('the server gets hardly any CPU time')
    await sleep(CPU_POLL_MS)
  }
}

function momentOf(load: Load, { serverPid, redisPids, ticksPerSecond }: SenderPlan): Moment {
  return {
    atNs: nowNs(),
    issued: load.issued,
    answered: load.answered,
    serverCpuSeconds: cpuSeconds(serverPid, ticksPerSecond),
    redisCpuSeconds: redisPids.reduce((sum, pid) => sum + cpuSeconds(pid, ticksPerSecond), 0),
    senderCpuSeconds: cpuSeconds(process.pid, ticksPerSecond),
  }
}

function createWork({ port, tokensFile, slots, work }: SenderPlan): Work {
  const authority = `127.0.0.1:${port}`
  const tokens = readTokens(tokensFile)
  switch (work.kind) {
    case 'send-event':
      return new SendEvent({ ...work, authority, token: tokens.backend, slots })
    case 'send-events':
      return new SendEvents({ ...work, authority, token: tokens.backend, slots })
    case 'publish':
      return new Publish({ ...work, slots })
    case 'nchan':
      return new NchanPost({ ...work, authority, slots })
    case 'topics':
      return new TopicPublish({ ...work, slots })
    case 'sip-register':
      return new SipRegister({ ...work, port })
    case 'keepalive':
      return new Keepalive({ ...work, authority, tokens })
    case 'link-keepalive':
      return new LinkKeepalive(slots)
    case 'come-and-go':
      return new ComeAndGo({ ...work, authority, tokens, slots })
    case 'register':
      return new Register({
        ...work,
        authority,
        tokens,
        userOf: userOf(work.share),
        expiringAtMs: work.expiringAtMs,
      })
  }
}

function createPool({ port, tokensFile, work }: SenderPlan): Pool {
  const tokens = readTokens(tokensFile)
  const backend = { userName: BACKEND, token: tokens.backend }
  switch (work.kind) {
    case 'publish':
      return new PublisherPool({ ...work, port: work.mqttPort, whoIs: () => backend })
    case 'topics':
      return new PublisherPool({ port: work.mqttPort, whoIs: () => backend, qos: 1, batch: 1 })
    case 'link-keepalive':
      return new PublisherPool({ port: work.mqttPort, whoIs: deviceOf(tokens), qos: 1, batch: 1 })
    case 'sip-register':
      return new UdpPool(port)
    default:
      return new ConnectionPool(port)
  }
}

/** Slot `n` is the device of user `n`. */
function deviceOf(tokens: Tokens): (slot: number) => Publisher {
  return (slot) => ({ userName: userId(slot), token: tokenOf(tokens, slot) })
}

function userOf(share: EndpointShare): (endpoint: number) => number {
  if ('perUser' in share) return (endpoint) => Math.floor(endpoint / share.perUser)
  return (endpoint) => endpoint % share.users
}

function createPace(pace: PacePlan): Pace {
  switch (pace.kind) {
    case 'count':
      return new BackToBack(pace.count)
    case 'back-to-back':
      return new BackToBack(Number.POSITIVE_INFINITY)
    case 'steady':
      return new SteadyRate(pace.perSecond)
  }
}

answerMessages(run)
