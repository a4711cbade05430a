#!/usr/bin/env node
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isatty } from 'node:tty'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { afterThisTurn, systemClock, systemRandom } from './clock/clock.ts'
import { type Configuration, ConfigurationError, readConfigFile, readConfiguration } from './config/config.ts'
import { createLog, type Log } from './observe/log.ts'
import { productVersion } from './observe/version.ts'
import { openPorts } from './opening.ts'
import type { RunningServer, Surroundings } from './server.ts'
import { stopWithin } from './stop.ts'

const USAGE = `Usage: rollcall-server [--config FILE]    start the server
       rollcall-server --memory [--config FILE]
                                          the same with everything in memory, and nothing kept: for tests
       rollcall-server check-config [--config FILE]
                                          check the configuration and exit
       rollcall-server check [--config FILE]
                                          read every file of the data folder and tell what is wrong
       rollcall-server repair --drop-damaged [--config FILE]
                                          give up what check lists, so that the rest starts again
       rollcall-server hash-secret        read a secret from standard input and print its hash
                                          for the directory file
       rollcall-server vapid-keys         make the keys that wake browsers, as JSON for the configuration
       rollcall-server backup FOLDER [--config FILE] [--rate MIB]
                                          copy the data folder while the server runs, at so many MiB
                                          a second (default 32); --without-keys leaves key files out
       rollcall-server restore BACKUP FOLDER
                                          make a data folder of a backup
       rollcall-server add-administrator [--client ID | --organization ID --user NAME] [--config FILE]
                                          with DIRECTORY=store, let somebody in who administers everything,
                                          or one organization; the server is stopped meanwhile, as for these:
       rollcall-server import-directory FILE [--config FILE]
                                          a directory file takes the place of what the store has
       rollcall-server export-directory [--config FILE]
                                          print what the store has, as a directory file
       rollcall-server export-store FILE [--config FILE]
                                          write everything that a restart keeps into a file, from the
                                          data folder or, with REDIS_URL, from Redis
       rollcall-server import-store FILE [--config FILE]
                                          fill an empty data folder or Redis with it
       rollcall-server rotate-key [--config FILE]
                                          after a signing key has leaked: every access token from before
                                          is refused; the server is stopped meanwhile
       rollcall-server --version          print the version

Every configuration key can be given in the environment or in the file: docs/configuration.md`

const RATE_DEFAULT_MIB = 32
const RATE_MAX_MIB = 10_000

// What a start needs before its ports are open is imported above, and little more; everything else where it is used.

// The same distance from the sources as from the build.
const PAGE_FOLDERS = {
  console: fileURLToPath(new URL('../../console/dist', import.meta.url)),
  ring: fileURLToPath(new URL('../../examples/ring/dist', import.meta.url)),
  sdk: {
    file: fileURLToPath(new URL('../../client/dist/sdk.js', import.meta.url)),
    // It is built with this server, and has its version.
    version: productVersion(),
  },
}

/** Exit codes: 0 fine, 1 the server failed, 2 the command line or configuration cannot be used. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      memory: { type: 'boolean' },
      'drop-damaged': { type: 'boolean' },
      rate: { type: 'string' },
      'without-keys': { type: 'boolean' },
      client: { type: 'string' },
      organization: { type: 'string' },
      user: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean', short: 'v' },
    },
  })
  if (values.help) return void process.stdout.write(`${USAGE}\n`)
  if (values.version) return void process.stdout.write(`${productVersion()}\n`)
  const [command = 'start', ...rest] = positionals
  if (values.memory && command !== 'start')
    throw new ConfigurationError('--memory', `is for a start, not for ${command}`)
  if (command === 'backup') return backUp(rest, values)
  if (command === 'restore') return restore(rest)
  if (command === 'import-directory') return importDirectory(rest, values)
  if (command === 'export-store' || command === 'import-store') return move(command, rest, values)
  // Not repeated: whoever hands a secret to hash-secret this way finds it in fewer places.
  if (rest.length > 0) throw new ConfigurationError(command, `takes no further argument\n${USAGE}`)
  switch (command) {
    case 'start': {
      const configuration = configure(values.config)
      if (values.memory) return start(keepingNothing(configuration), { inMemory: true })
      return startOrSupervise(configuration)
    }
    case 'check-config': {
      const { checkStart } = await import('./start-checks.ts')
      await checkStart(configure(values.config), systemRandom())
      return void process.stdout.write('The configuration is fine.\n')
    }
    case 'check':
      return check(configure(values.config))
    case 'repair':
      return repair(configure(values.config), values['drop-damaged'] === true)
    case 'rotate-key': {
      const { rotateSigningKeys } = await import('./data-folder.ts')
      const { dataDir } = configure(values.config)
      return void process.stdout.write(await rotateSigningKeys(dataDir, systemClock()))
    }
    case 'add-administrator': {
      const { addAdministrator } = await import('./directory-commands.ts')
      return print(addAdministrator(configure(values.config), values, offline()))
    }
    case 'export-directory': {
      const { exportFile } = await import('./directory-commands.ts')
      return print(exportFile(configure(values.config), offline()))
    }
    case 'vapid-keys': {
      const { makeVapidKeys } = await import('./webhooks/webhooks.ts')
      return void process.stdout.write(`${JSON.stringify(makeVapidKeys())}\n`)
    }
    case 'hash-secret':
      return printHash()
    default:
      throw new ConfigurationError(command, `unknown command\n${USAGE}`)
  }
}

async function check({ dataDir }: Configuration): Promise<void> {
  const { checkData } = await import('./data-folder.ts')
  conclude(await checkData(dataDir))
}

async function repair({ dataDir }: Configuration, mayDrop: boolean): Promise<void> {
  const { repairData } = await import('./data-folder.ts')
  conclude(await repairData(dataDir, mayDrop, systemClock()))
}

/** What was done goes to standard output, how far it is to standard error. */
async function backUp(
  folders: readonly string[],
  given: { readonly config?: string; readonly rate?: string; readonly 'without-keys'?: boolean },
): Promise<void> {
  const [target] = folders
  if (!target || folders.length > 1) throw new ConfigurationError('backup', `takes one folder\n${USAGE}`)
  const { backUpData } = await import('./folder-commands.ts')
  const report = await backUpData({
    dataDir: configure(given.config).dataDir,
    target,
    rateMib: rateOf(given.rate),
    withKeys: given['without-keys'] !== true,
    clock: systemClock(),
    say: (line) => void process.stderr.write(`${line}\n`),
  })
  process.stdout.write(report)
}

async function restore(folders: readonly string[]): Promise<void> {
  const [backup, target] = folders
  if (!backup || !target || folders.length > 2)
    throw new ConfigurationError('restore', `takes a backup and a folder\n${USAGE}`)
  const { restoreData } = await import('./folder-commands.ts')
  process.stdout.write(await restoreData({ backup, target, clock: systemClock() }))
}

async function importDirectory(
  files: readonly string[],
  { config }: { readonly config?: string },
): Promise<void> {
  const [file] = files
  if (!file || files.length > 1) throw new ConfigurationError('import-directory', `takes one file\n${USAGE}`)
  const { importFile } = await import('./directory-commands.ts')
  return print(importFile(configure(config), file, offline()))
}

/** How far it is goes to standard error. */
async function move(
  command: 'export-store' | 'import-store',
  files: readonly string[],
  { config }: { readonly config?: string },
): Promise<void> {
  const [file] = files
  if (!file || files.length > 1) throw new ConfigurationError(command, `takes one file\n${USAGE}`)
  const { exportToFile, importFromFile } = await import('./move-commands.ts')
  const run = command === 'export-store' ? exportToFile : importFromFile
  const log = createLog('info', { write: (line) => void process.stderr.write(line) })
  return print(run(configure(config), file, { ...offline(), log }))
}

/** What a command needs that does something while no server runs. Its standard output is what was asked for. */
function offline(): Pick<Surroundings, 'clock' | 'random' | 'log'> {
  const log = createLog('warn', { write: (line) => void process.stderr.write(line) })
  return { clock: systemClock(), random: systemRandom(), log }
}

async function print(text: Promise<string>): Promise<void> {
  process.stdout.write(await text)
}

function rateOf(given: string | undefined): number {
  if (given === undefined) return RATE_DEFAULT_MIB
  const rate = Number(given)
  if (/^\d+$/.test(given) && rate >= 1 && rate <= RATE_MAX_MIB) return rate
  throw new ConfigurationError('--rate', `must be an integer from 1 to ${RATE_MAX_MIB}, MiB a second`)
}

function conclude({ text, isGood }: { readonly text: string; readonly isGood: boolean }): void {
  process.stdout.write(`${text}\n`)
  process.exitCode = isGood ? 0 : 1
}

/** Nothing but the hash goes to standard output. */
async function printHash(): Promise<void> {
  const { hashSecret } = await import('./auth/auth.ts')
  if (isatty(0)) process.stderr.write('The secret, then Enter and Ctrl-D (it is shown as you type):\n')
  process.stdout.write(`${await hashSecret(readText(0).replace(/\r?\n$/, ''))}\n`)
  // npm has written two lines of its own before this program began, and nothing but its caller can keep it from that.
  const { npm_lifecycle_event: script, npm_config_loglevel: level } = process.env
  if (script === 'start' && level !== 'silent' && !process.stdout.isTTY)
    process.stderr.write(
      'rollcall: npm has printed lines of its own before the hash; `npm -s start -- hash-secret` does not\n',
    )
}

function configure(file: string | undefined): Configuration {
  return readConfiguration(process.env, file === undefined ? undefined : readConfigFile(file))
}

/** Without the byte order mark that editors and pipes of Windows begin a text with. */
function readText(file: string | 0): string {
  return readFileSync(file, 'utf8').replace(/^\ufeff/, '')
}

/**
 * With a folder that goes with the process: what there is beside the store, such as the key that seals masked events, needs a
 * place all the same.
 */
function keepingNothing(configuration: Configuration): Configuration {
  if (configuration.redisUrl !== undefined)
    throw new ConfigurationError('--memory', 'keeps nothing, and REDIS_URL everything: leave one of them out')
  if (configuration.directory === 'store')
    throw new ConfigurationError(
      '--memory',
      'begins with an empty store, and DIRECTORY=store then lets nobody in: use DIRECTORY_FILE',
    )
  const dataDir = mkdtempSync(join(tmpdir(), 'rollcall-memory-'))
  process.once('exit', () => rmSync(dataDir, { recursive: true, force: true }))
  return { ...configuration, dataDir }
}

/** As one process, or as several, of which this one is none. */
async function startOrSupervise(configuration: Configuration): Promise<void> {
  if (configuration.workers === 1) return start(configuration)
  const { isWorker, superviseWorkers } = await import('./worker-processes.ts')
  if (!isWorker()) {
    const around = { random: systemRandom(), log: createLog(configuration.logLevel) }
    const workers = superviseWorkers(configuration, around, (code) => process.exit(code))
    for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => workers.stop())
    process.on('SIGHUP', () => workers.hangUp())
    return
  }
  // From a terminal it comes to all at once; the one that has started this one says when to stop.
  process.on('SIGINT', () => undefined)
  return start(configuration, { stopSignals: ['SIGTERM'], opensLate: true })
}

async function start(
  configuration: Configuration,
  {
    stopSignals = ['SIGTERM', 'SIGINT'],
    opensLate = false,
    inMemory = false,
  }: {
    readonly stopSignals?: readonly NodeJS.Signals[]
    readonly opensLate?: boolean
    readonly inMemory?: boolean
  } = {},
): Promise<void> {
  const log = createLog(configuration.logLevel)
  log.info('starting', { version: productVersion(), node: process.version })
  if (inMemory) log.warn('everything is in memory, and gone when this process ends: --memory')
  let reload = (): void => log.info('not reloaded: still starting')
  onHangUp(() => reload())
  const around = {
    ...{ clock: systemClock(), random: systemRandom(), log, pageFolders: PAGE_FOLDERS, inMemory },
    // Without a drain: whatever is asked meanwhile could only be refused, and the next owner is there already.
    onStoreLost: ({ name, message }: Error): never => {
      const isReplaced = name === 'NameTakenError'
      const what = isReplaced ? 'another process has the place of this one' : 'the data folder is lost'
      log.error(`stopping: ${what}`, { problem: message })
      process.exit(1)
    },
  }
  const starting = openAndStart(configuration, { ...around, opensLate })
  // From the beginning: who is asked to stop while it starts has a port open and a folder that is its own.
  const close = async (): Promise<void> => (await starting).close()
  stopOnSignals(stopSignals, () => stopWithin({ close }, configuration.drainSeconds, around.clock), log)
  const server = await starting
  reload = () => {
    server.reopenAudit()
    void server.reloadDirectory()
  }
  if (!process.stdout.isTTY && !server.usesDemoDirectory) return
  const { welcome } = await import('./welcome.ts')
  process.stdout.write(welcome(server, configuration.publicUrl))
}

/** The ports are open before the program is loaded whose ports they are: that takes longer than all before it. */
async function openAndStart(
  configuration: Configuration,
  around: Surroundings & { readonly opensLate: boolean },
): Promise<RunningServer> {
  const opening = await openPorts(configuration, around)
  // Whoever was waiting for the port is answered first.
  await new Promise<void>((resolve) => afterThisTurn(resolve))
  const { startBehind } = await import('./server.ts')
  return startBehind(opening, around)
}

/**
 * SIGHUP asks a service to read its files again. From a terminal that was closed it says that nobody is there any more,
 * and would otherwise leave a server behind that holds the port: then it is a SIGTERM.
 */
function onHangUp(reload: () => void): void {
  const hadTerminal = isatty(0)
  process.on('SIGHUP', () => {
    if (hadTerminal && !isatty(0)) process.kill(process.pid, 'SIGTERM')
    else reload()
  })
}

/** The first signal drains; a second one ends the process at once. */
function stopOnSignals(signals: readonly NodeJS.Signals[], close: () => Promise<boolean>, log: Log): void {
  let isStopping = false
  const stop = (signal: NodeJS.Signals): void => {
    if (isStopping) process.exit(1)
    isStopping = true
    log.info('stopping', { signal })
    close().then(
      (isClosed) => {
        if (!isClosed) log.error('not everything was closed in time')
        process.exit(isClosed ? 0 : 1)
      },
      (error: unknown) => fail(log, error),
    )
  }
  for (const signal of signals) process.on(signal, stop)
  // A bug, by definition: what it left half done is unknown, and a restart is safe at any moment.
  process.on('uncaughtException', (error) => fail(log, error))
}

function fail(log: Log, error: unknown): never {
  log.error('crashed', { err: error instanceof Error ? error : undefined })
  process.exit(1)
}

main().catch((error: unknown) => {
  const isUsage = error instanceof ConfigurationError || (error instanceof TypeError && 'code' in error)
  process.stderr.write(`rollcall: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(isUsage ? 2 : 1)
})
