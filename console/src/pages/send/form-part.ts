import type { SendForm } from './form.ts'
import type { Faults } from './message.ts'

/** What each part of the form gets. */
export type FormPart = {
  readonly form: SendForm
  /** Those to be shown now. */
  readonly faults: Faults
  readonly onEdit: (changes: Partial<SendForm>) => void
}
