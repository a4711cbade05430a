import { EXIT } from '../exit-codes.ts'
import { HELPED, readArgs, tokenOf } from '../options.ts'
import type { Terminal } from '../terminal.ts'

const USAGE = `Usage: rollcall token [--client ID:SECRET | --user NAME --password WORD [--client ID]]

Gets an access token. On a terminal the bare token, otherwise {"accessToken": …}.

  --raw    the bare token, also for programs`

export async function token(args: readonly string[], terminal: Terminal): Promise<number> {
  const given = readArgs(args, USAGE, { raw: { type: 'boolean' } })
  if (given === undefined) return HELPED
  const accessToken = await tokenOf(given, terminal)({ signal: terminal.stopped, refused: false })
  if (given.flag('raw')) process.stdout.write(`${accessToken}\n`)
  else terminal.show({ accessToken }, accessToken)
  return EXIT.fine
}
