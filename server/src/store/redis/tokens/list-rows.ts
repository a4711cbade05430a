import type { RevokedToken, SigningKey, UserRevocation } from '../../store.ts'
import type { ListRows } from './shared-list.ts'

export const REVOKED_TOKEN_ROWS: ListRows<RevokedToken> = {
  name: 'tokens',
  replaces: false,
  toRow: ({ untilWallMs, ...rest }) => ({ rest: JSON.stringify(rest), untilWallMs, notBeforeWallMs: 0 }),
  toItem: ({ rest, untilWallMs }) => ({ ...JSON.parse(rest), untilWallMs }),
}

export const REVOKED_USER_ROWS: ListRows<UserRevocation> = {
  name: 'users',
  replaces: false,
  toRow: ({ untilWallMs, notBeforeWallMs, ...rest }) => ({
    rest: JSON.stringify(rest),
    untilWallMs,
    notBeforeWallMs,
  }),
  toItem: ({ rest, untilWallMs, notBeforeWallMs }) => ({ ...JSON.parse(rest), notBeforeWallMs, untilWallMs }),
}

/** A secret is written as `conceal` makes it, which `reveal` undoes. */
export function signingKeyRows(secrets: {
  conceal(text: string): string
  reveal(text: string): string
}): ListRows<SigningKey> {
  return {
    name: 'signing',
    replaces: true,
    toRow: ({ privateKeyPem, ...key }) => ({
      rest: JSON.stringify({ ...key, concealed: secrets.conceal(privateKeyPem) }),
      untilWallMs: Number.POSITIVE_INFINITY,
      notBeforeWallMs: 0,
    }),
    toItem: ({ rest }) => {
      const { concealed, ...key } = JSON.parse(rest)
      return { ...key, privateKeyPem: secrets.reveal(concealed) }
    },
  }
}
