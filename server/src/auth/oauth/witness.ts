import { RollcallError } from '@rollcall/protocol/error-code'
import type { Directory, Grant, OAuthClient, User } from '../directory/directory.ts'
import { presentedCredentials } from './client-credentials.ts'
import { OAuthError } from './oauth-error.ts'
import type { Parameters } from './parameters.ts'

/** Who asked for a token or for its end, as far as it was found out. Only what is there is named, never what was typed. */
export type TokenVisitor = {
  readonly remoteAddress: string
  /** `authorization_code`: of an identity provider. */
  readonly grant?: Grant | 'authorization_code'
  /** One of the directory's, whether or not it has shown its secret. */
  readonly clientId?: string
  /** Whose password or refresh token was tried, or whose token was ended; `null`: of no organization. */
  readonly user?: { readonly organizationId: string | null; readonly userId: string }
}

/** Is told what happens at the token endpoints. Never a secret, a token or what somebody typed. Must not throw. */
export interface Witness {
  /** A user has more single revocations than its share: so many became one, of everything of that user. */
  revocationsMerged(count: number): void
  signedIn(visitor: TokenVisitor): void
  /** @param code of the OAuth error, or of the refusal that became one */
  failed(visitor: TokenVisitor, code: string): void
  /** A client has ended a token or a sign-in. */
  tokenRevoked(visitor: TokenVisitor): void
  /**
   * So many passwords were tried that this user's sign-ins are held off for a while. At most once in 15 minutes for
   * each user.
   */
  heldOff(visitor: TokenVisitor & { readonly user: NonNullable<TokenVisitor['user']> }): void
}

export const NO_WITNESS: Witness = {
  revocationsMerged: () => undefined,
  signedIn: () => undefined,
  failed: () => undefined,
  tokenRevoked: () => undefined,
  heldOff: () => undefined,
}

/** Gathers who it is while it is found out. */
export class Visitor {
  #known: TokenVisitor

  constructor(remoteAddress: string) {
    this.#known = { remoteAddress }
  }

  get known(): TokenVisitor {
    return this.#known
  }

  asks(grant: NonNullable<TokenVisitor['grant']>): void {
    this.#known = { ...this.#known, grant }
  }

  isClient({ id: clientId }: Pick<OAuthClient, 'id'>): void {
    this.#known = { ...this.#known, clientId }
  }

  isAbout({ organizationId, userId }: { organizationId: string | null; userId: string }): void {
    this.#known = { ...this.#known, user: { organizationId, userId } }
  }

  isAboutUser({ organizationId, id: userId }: Pick<User, 'organizationId' | 'id'>): void {
    this.isAbout({ organizationId, userId })
  }

  /** A client that is there, whatever it has shown. */
  saysItIs(authorization: string | undefined, parameters: Parameters, { clients }: Directory): void {
    try {
      const presented = presentedCredentials(authorization, parameters)
      const named = presented.find(({ id }) => clients.has(id))
      if (named !== undefined) this.isClient(named)
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error
    }
  }
}

/** What a refusal is called. */
export function codeOf(error: unknown): string {
  return error instanceof OAuthError || error instanceof RollcallError ? error.code : 'server_error'
}
