import { type TSchema, Type } from 'typebox'

export function noticeSchemas(): readonly TSchema[] {
  const notice = Type.Object({
    kind: Type.String({
      description:
        '`store_unwritable`, `store_damaged`, `disk_full`, `disk_low`, `store_partly_away`, `busy`, `overloaded`, `certificate_ends`, `mailboxes_full`, `expiries_late`, `webhook_failing` or `dead_letters`. There may come more.',
      examples: ['webhook_failing'],
    }),
    at: Type.Optional(Type.String({ format: 'date-time', description: 'When a certificate ends.' })),
    count: Type.Optional(
      Type.Integer({
        minimum: 1,
        description: 'Mailboxes, or expiries, of the last five minutes; dead letters there are.',
      }),
    ),
    organizationId: Type.Optional(Type.String({ description: 'Of a webhook.' })),
    webhookId: Type.Optional(Type.String({ examples: ['crm'] })),
    failure: Type.Optional(Type.String({ description: 'Why the last attempt failed, a code.' })),
  })
  return [
    Type.Object(
      {
        at: Type.String({ format: 'date-time', description: 'When this was so.' }),
        version: Type.String({ description: 'Of the server.', examples: ['1.0.0'] }),
        docs: Type.Boolean({ description: 'Whether `/docs` is served here.' }),
        notices: Type.Array(notice, { description: 'The worst first.' }),
      },
      { $id: 'NoticeList', description: 'What is wrong now.' },
    ),
  ]
}
