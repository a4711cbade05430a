import { answer } from './commands/answer.ts'
import { bench, serverCommand } from './commands/delegate.ts'
import { erase } from './commands/erase.ts'
import { events } from './commands/events.ts'
import { exportUser } from './commands/export.ts'
import { kick } from './commands/kick.ts'
import { nodes } from './commands/nodes.ts'
import { presence } from './commands/presence.ts'
import { register } from './commands/register.ts'
import { replay } from './commands/replay.ts'
import { revoke } from './commands/revoke.ts'
import { send } from './commands/send.ts'
import { stats } from './commands/stats.ts'
import { token } from './commands/token.ts'
import { webhooks } from './commands/webhooks.ts'
import type { Terminal } from './terminal.ts'

export type Command = {
  /** One line for the list of commands. */
  readonly about: string
  /** Its own options, for completion; those that say where and who are `SERVER_OPTIONS`. */
  readonly options: readonly string[]
  /** Whether it asks a server, and so has to be told where and who. */
  readonly asksServer: boolean
  /** Returns the exit code. */
  run(args: readonly string[], terminal: Terminal): Promise<number>
}

const asking = (about: string, run: Command['run'], ...options: string[]): Command => ({
  ...{ about, run, options },
  asksServer: true,
})
const local = (about: string, run: Command['run'], ...options: string[]): Command => ({
  ...{ about, run, options },
  asksServer: false,
})

/** What there is, in the order of the list. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['start', local('start the server', serverCommand('start'), '--config')],
  ['token', asking('get an access token', token, '--raw')],
  [
    'register',
    asking(
      'register an endpoint; with --listen, be reachable and print events as they come',
      register,
      ...['--id', '--keep-alive', '--listen', '--count', '--wait'],
    ),
  ],
  [
    'send',
    asking(
      'send an event to a user',
      send,
      ...['--endpoint', '--qos', '--wait', '--wait-for', '--grace', '--cancel-others', '--mask', '--ttl'],
      ...['--collapse-key', '--key', '--organization'],
    ),
  ],
  ['answer', asking('answer an event: the person at this endpoint took it', answer, '--id')],
  ['presence', asking('tell who of these users is there', presence, '--organization')],
  [
    'events',
    asking(
      'tell what became of events',
      events,
      ...['--to-user', '--endpoint', '--type', '--from', '--to', '--limit', '--follow', '--organization'],
    ),
  ],
  ['export', asking('print everything that is kept of a user', exportUser, '--organization')],
  ['erase', asking('remove everything that is kept of a user', erase, '--yes', '--organization')],
  ['stats', asking('tell how the organization is doing', stats, '--organization')],
  ['nodes', asking('tell which processes there are, and how their store is doing', nodes, '--organization')],
  ['kick', asking("end one of a user's endpoints", kick, '--organization')],
  ['revoke', asking('end everything that was issued to a user', revoke, '--organization')],
  [
    'webhooks',
    asking(
      'tell how webhooks are doing, and what one did not take',
      webhooks,
      '--attempts',
      '--limit',
      '--organization',
      '--test',
    ),
  ],
  ['replay', asking('have a webhook sent again what it did not take', replay, '--organization')],
  [
    'hash-secret',
    local(
      'print the hash of a secret, read from standard input, for the directory file',
      serverCommand('hash-secret'),
    ),
  ],
  ['check-config', local("check the server's configuration", serverCommand('check-config'), '--config')],
  [
    'check',
    local(
      "read every file of the server's data folder and tell what is wrong",
      serverCommand('check'),
      '--config',
    ),
  ],
  [
    'repair',
    local(
      '--drop-damaged: give up what check lists, so that the rest starts again',
      serverCommand('repair'),
      ...['--drop-damaged', '--config'],
    ),
  ],
  [
    'backup',
    local(
      "copy the server's data folder, also while it runs",
      serverCommand('backup'),
      ...['--config', '--rate', '--without-keys'],
    ),
  ],
  ['restore', local('make a data folder of a backup', serverCommand('restore'))],
  [
    'add-administrator',
    local(
      'with the directory in the store: let somebody in who administers it',
      serverCommand('add-administrator'),
      ...['--client', '--organization', '--user', '--config'],
    ),
  ],
  [
    'import-directory',
    local(
      'put a directory file in the place of what the store has',
      serverCommand('import-directory'),
      '--config',
    ),
  ],
  [
    'export-directory',
    local('print what the store has as a directory file', serverCommand('export-directory'), '--config'),
  ],
  [
    'export-store',
    local(
      'write everything that a restart keeps into a file, for another store',
      serverCommand('export-store'),
      '--config',
    ),
  ],
  [
    'import-store',
    local(
      'fill an empty store, folder or Redis, with such a file',
      serverCommand('import-store'),
      '--config',
    ),
  ],
  [
    'rotate-key',
    local(
      'after a signing key has leaked: refuse all that it signed',
      serverCommand('rotate-key'),
      '--config',
    ),
  ],
  ['bench', local('measure the server (in a clone of the repository)', bench)],
])
