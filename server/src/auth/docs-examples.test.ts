import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { parseDirectory } from './directory/directory-file.ts'
import { parseForeignIssuers } from './foreign/foreign-issuers.ts'
import { parseOidc } from './oidc/oidc-settings.ts'

/** The JSON examples of a document, in order. */
async function examplesIn(document: string): Promise<string[]> {
  const text = await readFile(new URL(`../../../docs/${document}`, import.meta.url), 'utf8')
  return [...text.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json = '']) => json)
}

test('the documented directory is one', async () => {
  const [example = ''] = await examplesIn('directory.md')
  const { users, clients } = parseDirectory(example)
  assert.deepEqual(
    [[...users.keys()], [...clients.keys()]],
    [
      ['u-1001', 'bob'],
      ['acme-backend', 'platform', 'phone-app'],
    ],
  )
})

test('the documented rules of sending are read as they are described', async () => {
  const [, example = ''] = await examplesIn('directory.md')
  const { organizations } = parseDirectory(JSON.stringify({ organizations: [JSON.parse(example)] }))
  assert.deepEqual(
    organizations.get('acme')?.send.map(({ authority, to }) => [authority, to]),
    [
      ['ROLE_AGENT', 'organization'],
      ['ROLE_GUEST', 'none'],
      [undefined, 'organization'],
      [undefined, 'self'],
    ],
  )
})

test('the documented webhooks are read as they are described', async () => {
  const [example = ''] = await examplesIn('webhooks.md')
  const [presence, archive] = parseDirectory(example).organizations.get('acme')?.webhooks ?? []
  assert.deepEqual([presence?.events.size, presence?.enabled], [2, true])
  assert.deepEqual([archive?.events.size, archive?.enabled], [10, false])
})

test('the documented foreign issuers are read as they are described', async () => {
  const example = (await examplesIn('identity.md')).at(-2) ?? ''
  const [staff, partner] = parseForeignIssuers(JSON.parse(example))
  assert.deepEqual(staff?.authoritiesPath, ['realm_access', 'roles'])
  assert.deepEqual(partner?.organizations, new Set(['partner']))
})

test('the documented sign-in at an identity provider is read as it is described', async () => {
  const example = (await examplesIn('identity.md')).at(-1) ?? ''
  const settings = parseOidc(JSON.parse(example), undefined)
  assert.equal(settings?.organizations, 'every')
  assert.deepEqual(settings.rolesPath, ['realm_access', 'roles'])
  assert.deepEqual([...settings.roles.keys()], ['rollcall-operator', 'rollcall-admin', 'staff'])
  assert.deepEqual(settings.roles.get('rollcall-operator'), ['SERVICE'])
})
