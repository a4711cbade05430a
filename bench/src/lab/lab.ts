import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type {
  ConnectResult,
  LinksPlan,
  ReceiverRequest,
  SenderPlan,
  SenderResult,
  TallyResult,
} from '../load/messages.ts'
import { type Cores, pinned } from '../machine/cores.ts'
import { cpuSeconds } from '../machine/process-usage.ts'
import { within } from '../machine/time.ts'
import { Children } from './children.ts'
import { entryArgs, SERVER_ENTRY, SERVER_FLAGS } from './entry.ts'
import { freePort } from './free-port.ts'
import { type Identities, signIn, writeDirectory } from './identities.ts'
import { acceptsConnections, answersRegister } from './readiness.ts'
import { type Redis, startRedis } from './redis.ts'
import { Server } from './server.ts'
import { Worker } from './worker.ts'

/** Rate limits that are counted, as everywhere, and never met. */
const OUT_OF_REACH = Object.fromEntries(
  [
    'EVENTS_PER_SECOND_PER_ORGANIZATION',
    'EVENTS_PER_SECOND_PER_CALLER',
    'REGISTERS_PER_SECOND_PER_ORGANIZATION',
    'REGISTERS_PER_SECOND_PER_CALLER',
    'TOKENS_PER_SECOND_PER_CLIENT',
    'TOKENS_PER_SECOND_PER_USER',
    'TOKENS_PER_SECOND_PER_ADDRESS',
  ].map((name) => [name, '10000000']),
)

/** What is measured: the product in a folder and on Redis, and what it is compared with. */
export type Subject = 'rollcall' | 'reference' | RedisSubject

/** The product on one Redis, or on a cluster. */
export type RedisSubject = 'redis' | 'redis-cluster'

const PRIMARIES: Readonly<Record<RedisSubject, number>> = { redis: 1, 'redis-cluster': 3 }

/** A program of somebody else. */
export type PeerProgram = {
  readonly name: string
  readonly program: string
  /** @param folder its own, which goes when the benchmark ends */
  readonly args: (folder: string) => readonly string[]
  /** Where it listens once it is ready. */
  readonly port: number
  readonly isUdp?: boolean
}

export type LabOptions = {
  /** Folder for what is kept while the benchmark runs; it gets one of its own there. */
  readonly folder: string
  readonly cores: Cores | undefined
  readonly ticksPerSecond: number
  /** Folder for CPU profiles of the servers; `undefined`: none are made. */
  readonly profileFolder: string | undefined
}

/** Requests under way at one time, each on a connection of its own. */
const SLOTS = 64

// Tokens are good in every server of the run: they have the same issuer, at whatever port they listen.
const PUBLIC_URL = 'http://rollcall.bench.invalid'
const TOKEN_TTL_SECONDS = '86400'
const LONGEST_MS = 1_800_000

/** Starts servers and the processes that load them, and cleans up after itself. */
export class Lab {
  readonly #options: LabOptions
  readonly #children = new Children()
  readonly #folder: string
  #identities: Identities | undefined

  constructor(options: LabOptions) {
    this.#options = options
    this.#folder = mkdtempSync(join(options.folder, 'rollcall-bench-'))
  }

  /**
   * Makes users and signs them in, once for all runs: each starts from a copy of what that server has stored.
   *
   * @param listed users of the directory, those among them who sign in
   */
  async prepare(users: number, listed = users): Promise<void> {
    this.#identities = writeDirectory(this.#folder, users, listed)
    await using server = await this.#startRollcall(this.#path('signed-in'), {}, undefined)
    writeFileSync(this.#path('tokens'), await server.during(signIn(server, this.#identities)), {
      mode: 0o600,
    })
    writeFileSync(this.#path('jwks.json'), await server.text('/.well-known/jwks.json'))
  }

  /** Folder for the data of one server, in which everybody has signed in. */
  newDataFolder(): string {
    const folder = mkdtempSync(this.#path('data-'))
    cpSync(this.#path('signed-in'), folder, { recursive: true })
    return folder
  }

  /**
   * Has endpoints 0 to `count` registered in a data folder that no server has open, or in the Redis of a URL, past the API: in a tenth of the time.
   * What fills it ends as by a power cut.
   */
  async fill(dataFolder: string, count: number, endpointsPerUser: number): Promise<void> {
    const [program, args] = pinned(this.#options.cores?.load, process.execPath, entryArgs('load/filler'))
    const filler = this.#children.start(
      'filler',
      program,
      [...args, dataFolder, String(count), String(endpointsPerUser)],
      {
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      },
    )
    await within(LONGEST_MS, 'the end of filling', filler.during(once(filler.process, 'message')))
    await filler.stop('SIGKILL')
  }

  removeDataFolder(folder: string): void {
    rmSync(folder, { recursive: true, force: true })
  }

  /** @param environment configuration of the product besides the usual */
  startServer(subject: Subject, dataFolder: string, environment: NodeJS.ProcessEnv = {}): Promise<Server> {
    const cores = this.#options.cores?.server
    if (subject === 'rollcall') return this.#startRollcall(dataFolder, environment, cores)
    if (subject === 'reference') return this.#startReference(cores)
    return this.#startOnRedis(subject, dataFolder, environment)
  }

  /** A Redis with nothing in it, beside the load: the server has its core for itself. */
  startRedis(subject: RedisSubject): Promise<Redis> {
    return startRedis(this.#children, {
      primaries: PRIMARIES[subject],
      newFolder: () => mkdtempSync(this.#path('redis-')),
      cores: this.#options.cores?.load,
    })
  }

  /** Registers endpoints 0 to `count` in a Redis that no server uses, one of each user, past the API. */
  fillRedis(redis: Redis, count: number): Promise<void> {
    return this.fill(redis.url, count, 1)
  }

  /** A program of somebody else on the server's core, once it answers. */
  async startPeer({ name, program, args, port, isUdp = false }: PeerProgram): Promise<Server> {
    const folder = mkdtempSync(this.#path('peer-'))
    const [command, all] = pinned(this.#options.cores?.server, program, args(folder))
    const child = this.#children.start(name, command, all, {
      detached: true,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const server = new Server(child, port)
    await server.answers(isUdp ? answersRegister : acceptsConnections)
    return server
  }

  /** What the server has had of the processor since it was started, all of its threads. */
  processorSeconds(server: Server): number {
    return cpuSeconds(server.pid, this.#options.ticksPerSecond)
  }

  /** Runs a sender to its end. @throws Error when a request was not answered as it should be */
  async send(server: Server, plan: Pick<SenderPlan, 'work' | 'pace'>, slots = SLOTS): Promise<SenderResult> {
    await using sender = this.#startWorker('sender')
    const message: SenderPlan = { ...plan, ...this.#whereIs(server), slots }
    const result = await server.during(sender.ask<SenderResult>(message, LONGEST_MS))
    if (result.refused > 0)
      throw new Error(`${result.refused} of ${result.issued} requests were refused: ${result.firstRefusal}`)
    return result
  }

  startReceiver(): Worker {
    return this.#startWorker('receiver')
  }

  async connect(
    receiver: Worker,
    server: Server,
    links: Pick<LinksPlan, 'links' | 'stride' | 'first' | 'endpointsPerUser' | 'speaks'>,
  ): Promise<ConnectResult> {
    const request: ReceiverRequest = { kind: 'connect', ...links, ...this.#whereIs(server) }
    return server.during(receiver.ask<ConnectResult>(request, LONGEST_MS))
  }

  /** Closes and opens every link of the receiver once. */
  async reconnect(receiver: Worker, server: Server): Promise<void> {
    const request: ReceiverRequest = { kind: 'reconnect' }
    await server.during(receiver.ask(request, LONGEST_MS))
  }

  /**
   * @param mayRepeat whether an event may come twice: where links end meanwhile
   * @throws Error when an event was lost, came twice, was changed or came to another device
   */
  async tally(
    receiver: Worker,
    { issued, sequences }: SenderResult,
    mayRepeat = false,
  ): Promise<TallyResult> {
    const request: ReceiverRequest = { kind: 'tally', issued, sequences }
    const tally = await receiver.ask<TallyResult>(request, LONGEST_MS)
    const { received, lost, duplicates, strays, damaged } = tally
    const repeated = mayRepeat ? 0 : duplicates
    if (lost + repeated + strays + damaged === 0 && received === issued) return tally
    throw new Error(
      `of ${issued} events ${received} arrived: ${lost} lost, ${duplicates} twice, ${strays} astray, ${damaged} damaged`,
    )
  }

  /** Synchronous, for the very end of the process. */
  close(): void {
    this.#children.killAll()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #startRollcall(
    dataFolder: string,
    environment: NodeJS.ProcessEnv,
    cores: string | undefined,
    redis?: Redis,
  ): Promise<Server> {
    const args = [...SERVER_FLAGS, SERVER_ENTRY]
    const configuration = {
      HOST: '127.0.0.1',
      LOG_LEVEL: 'warn',
      DATA_DIR: dataFolder,
      DIRECTORY_FILE: this.#identities?.directoryFile,
      PUBLIC_URL,
      ACCESS_TOKEN_TTL_SECONDS: TOKEN_TTL_SECONDS,
      DRAIN_SECONDS: '0',
      ...OUT_OF_REACH,
      ...environment,
    }
    return this.#start('Rollcall', args, cores, configuration, redis)
  }

  /** Its keys are its Redis's: everybody signs in there anew. */
  async #startOnRedis(
    subject: RedisSubject,
    dataFolder: string,
    environment: NodeJS.ProcessEnv,
  ): Promise<Server> {
    const redis = await this.startRedis(subject)
    const own = { REDIS_URL: redis.url, SEALING_KEY: randomBytes(32).toString('base64'), ...environment }
    const server = await this.#startRollcall(dataFolder, own, this.#options.cores?.server, redis)
    if (this.#identities === undefined) throw new Error('nobody was prepared')
    const tokens = await server.during(signIn(server, this.#identities))
    writeFileSync(this.#tokensFileOf(server), tokens, { mode: 0o600 })
    return server
  }

  #startReference(cores: string | undefined): Promise<Server> {
    const environment = { JWKS_FILE: this.#path('jwks.json') }
    return this.#start('the reference server', entryArgs('reference-server'), cores, environment)
  }

  async #start(
    name: string,
    args: readonly string[],
    cores: string | undefined,
    environment: NodeJS.ProcessEnv,
    redis?: Redis,
  ): Promise<Server> {
    const { profileFolder } = this.#options
    const profile =
      profileFolder === undefined
        ? []
        : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`, '--cpu-prof-interval=200']
    const port = await freePort()
    const [program, all] = pinned(cores, process.execPath, [...profile, ...args])
    const child = this.#children.start(name, program, all, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: process.env['PATH'], PORT: String(port), ...environment },
    })
    const server = new Server(child, port, redis)
    await server.ready()
    return server
  }

  #startWorker(name: 'sender' | 'receiver'): Worker {
    const [program, args] = pinned(this.#options.cores?.load, process.execPath, entryArgs(`load/${name}`))
    return new Worker(
      name,
      this.#children.start(name, program, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] }),
    )
  }

  #whereIs(
    server: Server,
  ): Pick<SenderPlan, 'port' | 'serverPid' | 'redisPids' | 'ticksPerSecond' | 'tokensFile'> {
    const { ticksPerSecond } = this.#options
    const redisPids = server.redis?.pids ?? []
    const tokensFile = this.#tokensFileOf(server)
    return { port: server.port, serverPid: server.pid, redisPids, ticksPerSecond, tokensFile }
  }

  #tokensFileOf({ redis, port }: Server): string {
    return this.#path(redis === undefined ? 'tokens' : `tokens-${port}`)
  }

  #path(name: string): string {
    return join(this.#folder, name)
  }
}
