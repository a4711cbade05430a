import { QueryReader } from '../../parse/parse.ts'

/** As a directory has them: visible ASCII. */
const AUTHORITY = /^[!-~]{1,64}$/

/** The authority that a list is narrowed by. @throws RollcallError `invalid_request` naming it */
export function parseAuthority(query: unknown): string | undefined {
  const reader = new QueryReader(query)
  const authority = reader.take('authority', isAuthority, 'must be 1 to 64 visible ASCII characters')
  reader.end()
  return authority
}

function isAuthority(value: unknown): value is string {
  return typeof value === 'string' && AUTHORITY.test(value)
}
