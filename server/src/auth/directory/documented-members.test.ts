import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ENTRY_KINDS, type EntryKind, readEntry } from './entry.ts'

const read = (path: string): string =>
  readFileSync(new URL(`../../../../docs/${path}`, import.meta.url), 'utf8')
const API = JSON.parse(read('openapi.json')).components.schemas
const PAGE = read('directory.md')

/** Where each kind is described, in `openapi.json`, and in the page between which two lines. */
const PLACES: Readonly<Record<EntryKind, readonly [schema: string, from: string, to: string]>> = {
  organizations: ['DirectoryOrganizationMembers', '## Organizations', 'A webhook:'],
  webhooks: ['DirectoryWebhookMembers', 'A webhook:', '### Who may send what'],
  users: ['DirectoryUserMembers', '## Users', '## Clients'],
  clients: ['DirectoryClientMembers', '## Clients', '## Making hashes'],
}

/** What the reader itself says that it knows. */
function membersOf(kind: EntryKind): readonly string[] {
  try {
    readEntry(kind, { planted: 1 }, 'acme')
  } catch (error) {
    const known = /^planted: is not known; known are (.+)$/.exec(error instanceof Error ? error.message : '')
    return (known?.[1] ?? assert.fail(String(error))).split(', ').toSorted()
  }
  return assert.fail('it takes a member that is not known')
}

for (const kind of ENTRY_KINDS)
  test(`the documents of ${kind} have the members that are read, and no others`, () => {
    const [schema, from, to] = PLACES[kind]
    const known = membersOf(kind)
    const [, section = ''] = PAGE.split(from)
    const rows = [...(section.split(to)[0] ?? '').matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name)
    assert.deepEqual(rows.toSorted(), known)
    // Over the API webhooks are entries of their own, and a password may be given in clear.
    const overApi = [
      ...known.filter((name) => name !== 'webhooks'),
      ...(kind === 'users' ? ['password'] : []),
    ]
    assert.deepEqual(Object.keys(API[schema].properties).toSorted(), overApi.toSorted())
  })
