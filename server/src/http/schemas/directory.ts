import { ID_RULE } from '@rollcall/protocol/id'
import { type TSchema, Type } from 'typebox'
import type { EntryKind } from '../../auth/auth.ts'
import { LIST_ORGANIZATIONS_QUERY } from './users.ts'

const AUTHORITIES = Type.Array(Type.String())
const ID = Type.String({ description: `${ID_RULE}.` })

/** Who names an organization here, and what for. */
const SCOPE = Type.Optional(
  Type.String({
    description:
      'Read from callers with role SERVICE: only what is of this organization. Required for webhooks. Administrators see their own organization.',
  }),
)

/** For the documentation: `list-parameters.ts` reads these. */
export const LIST_ENTRIES_QUERY = Type.Object({
  ...LIST_ORGANIZATIONS_QUERY.properties,
  organizationId: SCOPE,
  authority: Type.Optional(
    Type.String({ description: 'Only users and clients that hold it; nobody else does.' }),
  ),
})

export const ENTRIES_QUERY = Type.Object({ organizationId: SCOPE })

export const ENTRY_PATH = Type.Object({ entryId: Type.String() })

export const IF_MATCH = Type.Object({
  'If-Match': Type.Optional(
    Type.String({
      description: 'The `ETag` of the entry as it was seen. Required; `*`: whatever it is now.',
      examples: ['"7"'],
    }),
  ),
})

export const ETAG = { ETag: { type: 'string', description: 'Of what is answered, for `If-Match`.' } }

/** What each kind of entry is called here. */
export const ENTRY_NAMES: { readonly [Kind in EntryKind]: { readonly one: string; readonly title: string } } =
  {
    organizations: { one: 'organization', title: 'Organization' },
    users: { one: 'user', title: 'User' },
    clients: { one: 'client', title: 'Client' },
    webhooks: { one: 'webhook', title: 'Webhook' },
  }

/** For the documentation: the readers of directory files read these bodies (`auth/directory/`). */
export function directorySchemas(): readonly TSchema[] {
  return [
    ...Object.entries(VIEWS).flatMap(([name, view]) => [
      Type.Object(
        { ...view, revision: REVISION, newSecret: NEW_SECRET },
        { $id: `Directory${name}`, description: `A ${name.toLowerCase()} of the directory.` },
      ),
      Type.Object(
        {
          entries: Type.Array(Type.Object(view)),
          nextCursor: Type.Optional(Type.String({ description: 'Absent at the end.' })),
          isWritable: Type.Boolean({ description: 'Whether entries can be changed here: no file can.' }),
        },
        { $id: `Directory${name}Page`, description: 'By id.' },
      ),
      Type.Object(BODIES[name as keyof typeof BODIES], {
        $id: `Directory${name}Members`,
        description: 'As in a directory file (docs/directory.md). `null` takes a member away.',
      }),
    ]),
    authorities(),
  ]
}

const REVISION = Type.Optional(
  Type.Integer({ description: 'The `ETag` without its quotes. Absent where the directory is a file.' }),
)

const NEW_SECRET = Type.Optional(
  Type.String({
    description: 'The secret or password that was made: shown this once. Absent where none was.',
  }),
)

const RULES = Type.Array(
  Type.Object({
    authority: Type.Optional(Type.String()),
    to: Type.String({ enum: ['self', 'organization', 'none'] }),
    types: Type.Optional(Type.Array(Type.String())),
  }),
  { description: 'Who may send what to whom. Empty: everybody everything.' },
)

const VIEWS = {
  Organization: {
    id: ID,
    name: Type.String(),
    send: RULES,
    senderId: Type.Boolean(),
    webhooks: Type.Integer({ description: 'How many it has.' }),
  },
  User: {
    id: ID,
    username: Type.String(),
    organizationId: Type.String(),
    authorities: AUTHORITIES,
    enabled: Type.Boolean(),
  },
  Client: {
    id: ID,
    organizationId: Type.Unsafe({ type: ['string', 'null'] }),
    authorities: AUTHORITIES,
    grants: Type.Array(Type.String()),
    enabled: Type.Boolean(),
    public: Type.Boolean(),
    secrets: Type.Integer({ description: 'How many are good now: 2 while one takes over from another.' }),
  },
  Webhook: {
    id: ID,
    organizationId: Type.String(),
    url: Type.String({ description: 'Without its query, which may hold a token.' }),
    hasQuery: Type.Boolean(),
    events: Type.Array(Type.String()),
    enabled: Type.Boolean(),
    wakeUps: Type.Boolean({ description: 'Whether registrations may name it to wake their devices.' }),
    secrets: Type.Integer({ description: 'With how many its requests are signed.' }),
  },
}

const optional = (schema: TSchema) => Type.Optional(schema)
const TEXT = optional(Type.String())
const FLAG = optional(Type.Boolean())
const SECRETS = optional(Type.Array(Type.String(), { description: 'One or two, newest first.' }))

const BODIES = {
  Organization: { id: TEXT, name: TEXT, send: optional(RULES), senderId: FLAG },
  User: {
    id: TEXT,
    username: TEXT,
    password: optional(
      Type.String({
        format: 'password',
        description: 'In clear: kept as an argon2id hash. A new user without any is given one.',
      }),
    ),
    passwordHash: TEXT,
    organizationId: TEXT,
    authorities: optional(AUTHORITIES),
    enabled: FLAG,
  },
  Client: {
    id: TEXT,
    secretHash: optional(
      Type.String({ description: 'A new client that is not `public` and has none is given a secret.' }),
    ),
    secrets: SECRETS,
    public: FLAG,
    organizationId: TEXT,
    authorities: optional(AUTHORITIES),
    grants: optional(Type.Array(Type.String())),
    enabled: FLAG,
  },
  Webhook: {
    id: TEXT,
    url: TEXT,
    secret: optional(Type.String({ description: 'A new webhook without any is given one.' })),
    secrets: SECRETS,
    events: optional(Type.Array(Type.String())),
    enabled: FLAG,
    wakeUps: FLAG,
  },
}

function authorities(): TSchema {
  return Type.Object(
    {
      authorities: Type.Array(
        Type.Object({
          authority: Type.String(),
          users: Type.Integer({ description: 'How many hold it.' }),
          clients: Type.Integer({ description: 'How many hold it.' }),
          role: Type.Unsafe({
            type: ['string', 'null'],
            enum: ['administrator', 'service', null],
            description: 'What it lets its holders do besides what the rules of an organization say.',
          }),
        }),
      ),
    },
    { $id: 'DirectoryAuthorities', description: 'The authorities that somebody holds.' },
  )
}
