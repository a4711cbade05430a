import type { HttpOptions } from '../../server/src/http/http.ts'

/** Nobody signs in elsewhere. */
export function noProvider(): HttpOptions['auth']['oidc'] {
  const none = (): Promise<never> => Promise.reject(new Error('no identity provider is configured'))
  return { providers: () => [], authorize: none, token: none, revoke: none }
}
