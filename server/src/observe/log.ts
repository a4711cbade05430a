import { type DestinationStream, pino } from 'pino'

/** What one line may carry besides its message: plain facts, never a body, a token, a query string or a secret. */
export type LogFields = { readonly [name: string]: string | number | boolean | null | undefined | Error }

/** Structured log: one JSON object a line. */
export interface Log {
  error(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
  /** A log whose every line carries `fields` too. */
  child(fields: LogFields): Log
}

/**
 * Makes the log.
 *
 * @param level least severe level that is written
 * @param destination where lines go; standard output by default
 */
export function createLog(level: string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
  }
  return wrap(destination === undefined ? pino(options) : pino(options, destination))
}

type Pino = ReturnType<typeof pino>

function wrap(to: Pino): Log {
  return {
    error: (message, fields = {}) => to.error(fields, message),
    warn: (message, fields = {}) => to.warn(fields, message),
    info: (message, fields = {}) => to.info(fields, message),
    debug: (message, fields = {}) => to.debug(fields, message),
    child: (fields) => wrap(to.child(fields)),
  }
}

/** What was thrown, for the log; of what is no error, its type only. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`thrown: ${typeof thrown}`)
}

/**
 * Name, code and stack frames of an error, not its message: messages of parsers quote their input, which may
 * be an event or a token.
 */
function describeError(error: Error): Record<string, unknown> {
  const stack = error.stack?.split('\n').filter((line) => line.startsWith('    at '))
  return { name: error.name, code: Reflect.get(error, 'code'), stack: stack?.slice(0, 8).join('\n') }
}
