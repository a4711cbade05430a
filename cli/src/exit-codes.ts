import { RollcallError, SdkError, TokenError } from '@rollcall/client/client'

/** What the command's exit says; documented in docs/cli.md. */
export const EXIT = {
  fine: 0,
  failed: 1,
  usage: 2,
  unreachable: 3,
  unauthorized: 4,
  refused: 5,
  nobody: 6,
} as const

/** A command line that cannot be used. */
export class UsageError extends Error {}

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage
  if (error instanceof TokenError) return error.status < 500 ? EXIT.unauthorized : EXIT.unreachable
  if (error instanceof RollcallError) return exitCodeOfRefusal(error)
  if (error instanceof SdkError) return exitCodeOfOwn(error)
  // fetch's own: there was no answer.
  return error instanceof TypeError ? EXIT.unreachable : EXIT.failed
}

function exitCodeOfRefusal({ code }: RollcallError): number {
  if (code === 'unauthorized' || code === 'forbidden') return EXIT.unauthorized
  return code === 'unavailable' || code === 'internal_error' ? EXIT.unreachable : EXIT.refused
}

function exitCodeOfOwn({ code }: SdkError): number {
  if (code === 'invalid_option') return EXIT.usage
  if (code === 'unauthorized' || code === 'token_failed') return EXIT.unauthorized
  return ['timeout', 'unreachable', 'wrong_server', 'link_failed', 'aborted'].includes(code)
    ? EXIT.unreachable
    : EXIT.failed
}

/** One line for people. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : ''
  const hint =
    error instanceof TypeError && cause !== '' ? `The server cannot be reached${cause}` : error.message
  const fields =
    error instanceof RollcallError ? [...error.fields].map(([name, text]) => `\n  ${name}: ${text}`) : []
  const code = error instanceof RollcallError || error instanceof TokenError ? ` (${error.code})` : ''
  return `${hint}${code}${fields.join('')}`
}
