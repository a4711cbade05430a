import { readFileSync } from 'node:fs'
import { answer } from './commands/answer.ts'
import { bench, serverCommand } from './commands/delegate.ts'
import { events } from './commands/events.ts'
import { presence } from './commands/presence.ts'
import { register } from './commands/register.ts'
import { send } from './commands/send.ts'
import { token } from './commands/token.ts'
import { EXIT, UsageError } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

const USAGE = `Usage: rollcall <command> [options]

  start           start the server
  token           get an access token
  register        register an endpoint; with --listen, be reachable and print events as they come
  send            send an event to a user
  answer          answer an event: the person at this endpoint took it
  presence        tell who of these users is there
  events          tell what became of events
  hash-secret     print the hash of a secret, read from standard input, for the directory file
  check-config    check the server's configuration
  check           read every file of the server's data folder and tell what is wrong
  repair          --drop-damaged: give up what check lists, so that the rest starts again
  backup          copy the server's data folder, also while it runs
  restore         make a data folder of a backup
  bench           measure the server (in a clone of the repository)

  rollcall <command> --help tells a command's options; all of it is in docs/cli.md.
  rollcall --version prints the version.

Where and who, as options or in the environment:
  --url, ROLLCALL_URL                        default http://127.0.0.1:8080
  --client, ROLLCALL_CLIENT                  client id, or "id:secret"
  --client-secret, ROLLCALL_CLIENT_SECRET
  --user, ROLLCALL_USER                      user name, for people
  --password, ROLLCALL_PASSWORD
  --token, ROLLCALL_TOKEN                    an access token, instead of all that`

/** What a command does. Returns the exit code. */
export type Command = (args: readonly string[], terminal: Terminal) => Promise<number>

const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['start', serverCommand('start')],
  ['token', token],
  ['register', register],
  ['send', send],
  ['answer', answer],
  ['presence', presence],
  ['events', events],
  ['hash-secret', serverCommand('hash-secret')],
  ['check-config', serverCommand('check-config')],
  ['check', serverCommand('check')],
  ['repair', serverCommand('repair')],
  ['backup', serverCommand('backup')],
  ['restore', serverCommand('restore')],
  ['bench', bench],
])

/** @throws UsageError, and what the commands throw */
export async function run([name, ...rest]: readonly string[], terminal: Terminal): Promise<number> {
  if (name === undefined) throw new UsageError(`no command\n${USAGE}`)
  if (['--help', '-h', 'help'].includes(name)) {
    process.stdout.write(`${USAGE}\n`)
    return EXIT.fine
  }
  if (['--version', '-v'].includes(name)) {
    process.stdout.write(`${version()}\n`)
    return EXIT.fine
  }
  const command = COMMANDS.get(name)
  if (command === undefined) throw new UsageError(`unknown command: ${name}\n${USAGE}`)
  return command(rest, terminal)
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null ? String(Reflect.get(manifest, 'version')) : ''
}
