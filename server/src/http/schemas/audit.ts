import { type TSchema, Type } from 'typebox'
import { LIST_ORGANIZATIONS_QUERY } from './users.ts'

const { limit, cursor } = LIST_ORGANIZATIONS_QUERY.properties

/** For the documentation: `audit-parameters.ts` reads these. */
export const LIST_AUDIT_QUERY = Type.Object({
  action: Type.Optional(Type.String({ description: 'Only what was this.', examples: ['revoke_user'] })),
  callerId: Type.Optional(Type.String({ description: 'Only what this user or client did.' })),
  entryKind: Type.Optional(
    Type.String({
      enum: ['organizations', 'users', 'clients', 'webhooks'],
      description: 'Only what was done to an entry of the directory of this kind.',
    }),
  ),
  entryId: Type.Optional(Type.String({ description: 'Only what was done to the entry of this id.' })),
  limit,
  cursor,
  organizationId: Type.Optional(
    Type.String({ description: 'Read from callers with role SERVICE: only what is of this organization.' }),
  ),
})

export function auditSchemas(): readonly TSchema[] {
  return [
    Type.Object(
      {
        lines: Type.Array(
          Type.Object(
            {
              at: Type.String({ format: 'date-time', examples: ['2026-01-01T12:00:00.000Z'] }),
              action: Type.String({ examples: ['revoke_user'] }),
              outcome: Type.String({ examples: ['done'] }),
            },
            { description: 'With more members, by what it is: docs/audit.md.' },
          ),
          { description: 'Newest first.' },
        ),
        nextCursor: Type.Optional(Type.String({ description: 'Absent at the end.' })),
      },
      { $id: 'AuditPage', description: 'A page of the audit log.' },
    ),
  ]
}
