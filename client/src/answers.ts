import type { IceServers, UserEndpoint } from '@rollcall/protocol/command'
import { RollcallError } from '@rollcall/protocol/error-code'

/** Parsers of the answers' bodies. Unknown members are ignored; what is missing or mistyped is an error. */

type JsonObject = { readonly [name: string]: unknown }

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function unexpected(what: string): RollcallError {
  return new RollcallError('internal_error', `The answer is not what the contract says: ${what}.`)
}

export function object(value: unknown, what: string): JsonObject {
  if (isObject(value)) return value
  throw unexpected(`${what} is no object`)
}

export function array(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw unexpected(`${what} is no array`)
}

export function string(value: unknown, what: string): string {
  if (typeof value === 'string') return value
  throw unexpected(`${what} is no string`)
}

export function integer(value: unknown, what: string): number {
  if (typeof value === 'number' && Number.isInteger(value)) return value
  throw unexpected(`${what} is no integer`)
}

export function number(value: unknown, what: string): number {
  if (typeof value === 'number') return value
  throw unexpected(`${what} is no number`)
}

function boolean(value: unknown, what: string): boolean {
  if (typeof value === 'boolean') return value
  throw unexpected(`${what} is no boolean`)
}

export function parseRegisterResult(value: unknown): string {
  return string(object(value, 'RegisterResult')['id'], 'id')
}

export function parseCount(value: unknown): number {
  return integer(value, 'the count')
}

export function parseEndpoints(value: unknown): readonly UserEndpoint[] {
  return array(value, 'the list of endpoints').map(parseEndpoint)
}

export function parseEndpoint(value: unknown): UserEndpoint {
  const endpoint = object(value, 'the endpoint')
  return {
    id: string(endpoint['id'], 'id'),
    keepAliveSeconds: integer(endpoint['keepAliveSeconds'], 'keepAliveSeconds'),
    serverKeepAliveReminderOn: boolean(endpoint['serverKeepAliveReminderOn'], 'serverKeepAliveReminderOn'),
    registeredAt: string(endpoint['registeredAt'], 'registeredAt'),
    lastKeepAliveAt: string(endpoint['lastKeepAliveAt'], 'lastKeepAliveAt'),
    expiresAt: string(endpoint['expiresAt'], 'expiresAt'),
    connected: boolean(endpoint['connected'], 'connected'),
  }
}

export function parseIceServers(value: unknown): IceServers {
  const servers = array(object(value, 'IceServers')['iceServers'], 'iceServers')
  return { iceServers: servers.map(parseIceServer) }
}

function parseIceServer(value: unknown): IceServers['iceServers'][number] {
  const server = object(value, 'the ICE server')
  const urls = array(server['urls'], 'urls').map((url) => string(url, 'a URL'))
  const { username, credential } = server
  return {
    urls,
    ...(username === undefined ? {} : { username: string(username, 'username') }),
    ...(credential === undefined ? {} : { credential: string(credential, 'credential') }),
  }
}
