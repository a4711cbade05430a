import type { DirectoryStore } from '../../store.ts'
import type { Journal } from '../journal/journal.ts'
import type { DirectoryBook } from './directory-book.ts'

export function embeddedDirectory(book: DirectoryBook, journal: Journal): DirectoryStore {
  return {
    async read() {
      journal.assertOpen()
      return book.content
    },
    async change(revision, changes) {
      journal.assertWritable()
      const isDone = book.change(revision, changes)
      // Also where somebody was first: what is told to be in force must be so for good.
      await journal.durable()
      return isDone
    },
    onChange: (listener) => book.listen(listener),
  }
}
