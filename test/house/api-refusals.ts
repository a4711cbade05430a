import { ERRORS, type ErrorCode } from '@rollcall/protocol/error-code'
import { type OpenApi, type Operation, resolve, type Schema } from './openapi.ts'

const TITLES = ['Organization', 'User', 'Client', 'Webhook']
/** Operations that change the directory. */
const ENTRY_CHANGES = TITLES.flatMap((title) => [
  ...['add', 'change', 'remove'].map((what) => `${what}Directory${title}`),
  `rotate${title}Secret`,
  `removeFormer${title}Secret`,
])

/** Codes that are not told by the operation's parameters and body. */
const PARTICULAR: Partial<Record<ErrorCode, readonly string[]>> = {
  endpoint_unknown: ['unregisterUserEndpoint', 'keepUserEndpointAlive'],
  too_many_endpoints: ['createUserEndpoint', 'registerUserEndpoint'],
  mailbox_full: ['sendEventToUser'],
  organization_unknown: ['sendEventToUser'],
  answered_elsewhere: ['answerEvent'],
  directory_conflict: ENTRY_CHANGES,
  no_organization: [
    'createUserEndpoint',
    'registerUserEndpoint',
    'unregisterUserEndpoint',
    'keepUserEndpointAlive',
    'listUserEndpoints',
    'findUserEndpoint',
  ],
}

/** A refusal that is in the form of `Error`: its status and the codes that come with it. */
export type Refusal = { readonly status: string; readonly codes: readonly ErrorCode[] }

export function refusalsOf(document: OpenApi, operation: Operation): readonly Refusal[] {
  return Object.entries(operation.responses)
    .filter(([, { content }]) => content?.['application/json']?.schema.$ref?.endsWith('/Error') === true)
    .map(([status]) => ({ status, codes: codesOf(document, operation, Number(status)) }))
}

function codesOf(document: OpenApi, operation: Operation, wanted: number): readonly ErrorCode[] {
  const known: readonly (readonly [string, { readonly status: number }])[] = Object.entries(ERRORS)
  return known
    .filter(([, { status }]) => status === wanted)
    .map(([code]) => code)
    .filter(isCode)
    .filter((code) => isPossible(document, operation, code))
}

function isCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text)
}

function isPossible(document: OpenApi, operation: Operation, code: ErrorCode): boolean {
  const particular = PARTICULAR[code]
  if (particular !== undefined) return particular.includes(operation.operationId)
  const body = operation.requestBody?.content['application/json']?.schema
  const members = body === undefined ? {} : (resolve(document, body).properties ?? {})
  switch (code) {
    case 'invalid_request':
      return body !== undefined || (operation.parameters ?? []).length > 0
    case 'malformed_json':
      return body !== undefined
    case 'event_too_large':
    case 'invalid_mask':
      return members['event'] !== undefined
    case 'organization_required':
      return namesOrganization(operation, members)
    default:
      return true
  }
}

function namesOrganization(operation: Operation, members: { readonly [name: string]: Schema }): boolean {
  const parameter = (operation.parameters ?? []).find(({ name }) => name === 'organizationId')
  const description = parameter?.description ?? members['organizationId']?.description ?? ''
  return /required/i.test(description)
}
