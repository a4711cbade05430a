import { type GetToken, tokenSource } from '@rollcall/client'

/** Who can ring whom here: two people of Rollcall's demo directory. */
export type Person = { readonly id: string; readonly name: string; readonly peer: string }

export const PEOPLE: readonly Person[] = [
  { id: 'alice', name: 'Alice', peer: 'bob' },
  { id: 'bob', name: 'Bob', peer: 'alice' },
]

export function findPerson(id: string | null): Person | undefined {
  return PEOPLE.find((person) => person.id === id)
}

/** Their name, or the id of a stranger as it is. */
export function nameOf(id: string): string {
  return findPerson(id)?.name ?? id
}

/**
 * FOR THE DEMO ONLY: a page must not hold passwords. A real application has its own sign-in, and its `getToken` hands out
 * the access token that came of it: `getToken: async () => (await session()).accessToken`.
 */
export function demoToken(url: string, { id }: Person, password = `${id}-password`): GetToken {
  const grant = { type: 'password', username: id, password } as const
  return tokenSource({ url, clientId: 'customer', grant })
}
