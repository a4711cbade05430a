import { RollcallError } from '@rollcall/protocol/error-code'
import type { UserKey } from '../store/store.ts'
import type { Organization, SendRule } from './directory/directory.ts'
import { isBackend } from './policy.ts'
import type { Principal } from './principal.ts'

/**
 * Whether a caller may send events of these types to a user, by the rules of the user's organization. Pure.
 *
 * The rules that count are those that name an authority of the caller; where none does, those that name no authority, for
 * users only: a backend or role SERVICE is narrowed where a rule names it, and not by what is meant for everybody
 * else. Where no rule counts the contract holds: everything to everybody.
 *
 * @param organization the one of `to`; `undefined`: one that only a foreign issuer knows, which has no rules
 * @throws RollcallError `forbidden`
 */
export function checkSending(
  organization: Organization | undefined,
  principal: Principal,
  to: UserKey,
  types: readonly string[],
): void {
  if (organization === undefined || organization.send.length === 0) return
  const rules = rulesFor(organization.send, principal)
  if (rules === undefined) return
  const isToSelf = to.userId === principal.userId && to.organizationId === principal.organizationId
  const isAllowed = (type: string): boolean =>
    rules.some((rule) => reaches(rule, isToSelf) && (rule.types?.some((one) => fits(one, type)) ?? true))
  if (!types.every(isAllowed))
    throw new RollcallError('forbidden', 'The caller may not send this to this user.')
}

/** `undefined`: the contract's. */
function rulesFor(all: readonly SendRule[], principal: Principal): readonly SendRule[] | undefined {
  const named = all.filter(
    ({ authority }) => authority !== undefined && principal.authorities.includes(authority),
  )
  if (named.length > 0) return named
  if (principal.isService || isBackend(principal)) return undefined
  const others = all.filter(({ authority }) => authority === undefined)
  return others.length > 0 ? others : undefined
}

function reaches({ to }: SendRule, isToSelf: boolean): boolean {
  return to === 'organization' || (to === 'self' && isToSelf)
}

/** Whether a pattern, in which `*` stands for any characters, fits the whole type. Looks at each place once. */
function fits(pattern: string, type: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return pattern === type
  if (!type.startsWith(first) || !type.endsWith(last)) return false
  let at = first.length
  for (const part of rest) {
    const found = type.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return at + last.length <= type.length
}
