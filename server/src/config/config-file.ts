import { readFileSync } from 'node:fs'
import { faultText, findJsonFault } from '@rollcall/protocol/json-fault'
import { JSON_DEPTH_MAX } from '@rollcall/protocol/limits'
import { ConfigurationError } from './parse.ts'

/**
 * Reads the file of `--config`. The parser's own message is not passed on: it quotes the text, in which secrets are.
 * Only the place is told.
 *
 * @throws ConfigurationError
 */
export function readConfigFile(file: string): unknown {
  const text = readText(file)
  try {
    return JSON.parse(text)
  } catch {
    const fault = findJsonFault(text, JSON_DEPTH_MAX)
    const place = fault === undefined ? '' : `. ${faultText(fault)}`
    throw new ConfigurationError('--config', `${file} is not valid JSON${place}`)
  }
}

function readText(file: string): string {
  try {
    // Editors of Windows begin a file with a byte order mark.
    return readFileSync(file, 'utf8').replace(/^\ufeff/, '')
  } catch (error) {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
    throw new ConfigurationError('--config', `${file} cannot be read (${String(code ?? 'unknown error')})`)
  }
}
