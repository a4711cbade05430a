import { connect, createClient, type Event, type State } from '@rollcall/client/client'
import { WebSocket } from 'ws'
import { EXIT } from '../exit-codes.ts'
import { HELPED, readArgs, tokenOf, urlOf } from '../options.ts'
import { bold, dim, plain, type Terminal } from '../terminal.ts'

const USAGE = `Usage: rollcall register [--listen] [options]

Registers an endpoint of the caller's, and prints its id. With --listen it stays reachable, prints events as they
come, and unregisters at Ctrl-C.

  --id ID             the endpoint's id (default: a new one)
  --keep-alive N      seconds, 1 to 86400 (default 30; 3600 without --listen)
  --listen            stay
  --count N           with --listen: end after N events
  --wait N            with --listen: end with 3 where it is not online within N seconds`

export async function register(args: readonly string[], terminal: Terminal): Promise<number> {
  const given = readArgs(args, USAGE, {
    id: { type: 'string' },
    'keep-alive': { type: 'string' },
    listen: { type: 'boolean' },
    count: { type: 'string' },
    wait: { type: 'string' },
  })
  if (given === undefined) return HELPED
  const who = { url: urlOf(given, terminal), getToken: tokenOf(given, terminal) }
  const userEndpointId = given.text('id')
  const keepAliveSeconds = given.integer('keep-alive', 1, 86_400)
  const registering = { ...who, userEndpointId, keepAliveSeconds }
  if (!given.flag('listen')) return registerOnce(registering, terminal)
  const count = given.integer('count', 1, 1_000_000) ?? Number.POSITIVE_INFINITY
  return listen(registering, count, given.integer('wait', 1, 3_600), terminal)
}

type Registering = {
  readonly url: string
  readonly getToken: ReturnType<typeof tokenOf>
  readonly userEndpointId: string | undefined
  readonly keepAliveSeconds: number | undefined
}

async function registerOnce(registering: Registering, terminal: Terminal): Promise<number> {
  const { url, getToken, userEndpointId, keepAliveSeconds = 3_600 } = registering
  const token = await getToken({ signal: terminal.stopped, refused: false })
  const client = createClient({ url, token, signal: terminal.stopped })
  const id = await client.register({
    keepAliveSeconds,
    ...(userEndpointId === undefined ? {} : { userEndpointId }),
  })
  terminal.show({ id, keepAliveSeconds }, `${bold(id)} is registered for ${keepAliveSeconds} s`)
  return EXIT.fine
}

async function listen(
  { url, getToken, userEndpointId, keepAliveSeconds = 30 }: Registering,
  countMax: number,
  waitSeconds: number | undefined,
  terminal: Terminal,
): Promise<number> {
  const done = new AbortController()
  let count = 0
  const registration = connect({
    url,
    getToken,
    WebSocket,
    keepAliveSeconds,
    ...(userEndpointId === undefined ? {} : { userEndpointId }),
    onEvent(event) {
      terminal.show(event, describe(event))
      // The acknowledgement is to leave before the connection ends.
      if (++count >= countMax) setImmediate(() => done.abort())
    },
    onError(error) {
      // The states say these, and more.
      if (error.code !== 'not_online' && error.code !== 'ended')
        terminal.complain(`rollcall: ${error.message}`)
    },
  })
  registration.onState((state) => terminal.complain(describeState(state, registration.userEndpointId ?? '')))
  const stopped = AbortSignal.any([terminal.stopped, done.signal])
  try {
    if (waitSeconds !== undefined)
      await registration.online({
        signal: AbortSignal.any([stopped, AbortSignal.timeout(waitSeconds * 1000)]),
      })
    for await (const { status, error } of registration.states({ signal: stopped }))
      if (status === 'closed') throw error ?? new Error('The registration has ended.')
    return EXIT.fine
  } finally {
    await registration.close({ reason: 'rollcall register --listen ended' })
  }
}

function describe({ id, type, timestamp, ...rest }: Event): string {
  return `${dim(timestamp)}  ${bold(type)}  ${plain(JSON.stringify(rest))}  ${dim(id)}`
}

function describeState({ status, reason, error, retryInMs }: State, id: string): string {
  const why = error === undefined ? reason.replaceAll('_', ' ') : plain(error.message)
  const when = retryInMs === undefined ? '' : `; again in ${(retryInMs / 1000).toFixed(1)} s`
  return `${status} as ${plain(id)}: ${why}${when}`
}
