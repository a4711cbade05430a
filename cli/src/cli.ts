import { readFileSync } from 'node:fs'
import { COMMANDS } from './commands.ts'
import { completionFor, SHELLS } from './completion.ts'
import { EXIT, UsageError } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

const COMPLETION = ['completion', `print the completion of a shell: ${SHELLS.join(', ')}`] as const
const LISTED = [...[...COMMANDS].map(([name, { about }]) => [name, about] as const), COMPLETION]

const USAGE = `Usage: rollcall <command> [options]

${LISTED.map(([name, about]) => `  ${name.padEnd(14)}  ${about}`).join('\n')}

  rollcall <command> --help tells a command's options; all of it is in docs/cli.md.
  rollcall --version prints the version.

Where and who, as options or in the environment:
  --url, ROLLCALL_URL                        default http://127.0.0.1:8080
  --client, ROLLCALL_CLIENT                  client id, or "id:secret"
  --client-secret, ROLLCALL_CLIENT_SECRET
  --user, ROLLCALL_USER                      user name, for people
  --password, ROLLCALL_PASSWORD
  --token, ROLLCALL_TOKEN                    an access token, instead of all that`

/**
 * Returns the exit code.
 *
 * @throws UsageError, and what the commands throw
 */
export async function run([name, ...rest]: readonly string[], terminal: Terminal): Promise<number> {
  if (name === undefined) throw new UsageError(`no command\n${USAGE}`)
  if (['--help', '-h', 'help'].includes(name)) return print(`${USAGE}\n`)
  if (['--version', '-v'].includes(name)) return print(`${version()}\n`)
  if (name === COMPLETION[0]) return print(completionFor(rest, LISTED))
  const command = COMMANDS.get(name)
  if (command === undefined) throw new UsageError(`unknown command: ${name}\n${USAGE}`)
  return command.run(rest, terminal)
}

function print(text: string): number {
  process.stdout.write(text)
  return EXIT.fine
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null ? String(Reflect.get(manifest, 'version')) : ''
}
