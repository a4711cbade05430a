import type { AuditStore } from '../../store.ts'
import type { Journal } from '../journal/journal.ts'
import { refusal, TOO_MUCH } from '../refusal.ts'
import type { Rows } from '../rows.ts'
import type { AuditBook } from './audit-book.ts'

export function embeddedAudit(
  book: AuditBook,
  rows: Rows,
  journal: Journal,
  earliestWallMs: () => number,
): AuditStore {
  return {
    async add(lines) {
      journal.assertOpen()
      if (!journal.hasRoom) throw refusal(TOO_MUCH)
      for (const line of lines) book.add(line)
    },
    async read(organizationId, before = Number.POSITIVE_INFINITY, max) {
      journal.assertReadable()
      return book.read(rows, { organizationId, before, nowWallMs: earliestWallMs(), max })
    },
  }
}
