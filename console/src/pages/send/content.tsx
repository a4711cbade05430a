import { TextArea, TextField } from '../../ui/field.tsx'
import { Segments } from '../../ui/segments.tsx'
import type { FormPart } from './form-part.ts'

const TIMINGS = [
  ['now', 'Now, when sent'],
  ['fixed', 'Fixed'],
] as const

/** What: the event itself. */
export function Content({ form, faults, onEdit }: FormPart) {
  return (
    <>
      <TextField
        label="Type"
        required
        maxLength={256}
        value={form.type}
        error={faults.get('type')}
        onInput={({ currentTarget }) => onEdit({ type: currentTarget.value })}
      />
      <div class="pair">
        <Segments
          legend="Timestamp"
          isLegendShown
          name="timing"
          options={TIMINGS}
          value={form.timing}
          onChange={(timing) =>
            onEdit({ timing, ...(form.timestamp === '' ? { timestamp: new Date().toISOString() } : {}) })
          }
        />
        {form.timing === 'fixed' && (
          <TextField
            label="Instant"
            value={form.timestamp}
            error={faults.get('timestamp')}
            onInput={({ currentTarget }) => onEdit({ timestamp: currentTarget.value })}
          />
        )}
      </div>
      <TextArea
        label="Other attributes"
        hint="A JSON object, or nothing."
        rows={4}
        value={form.attributes}
        error={faults.get('attributes')}
        onInput={({ currentTarget }) => onEdit({ attributes: currentTarget.value })}
      />
    </>
  )
}
