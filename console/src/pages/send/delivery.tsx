import { TextField } from '../../ui/field.tsx'
import { Segments } from '../../ui/segments.tsx'
import type { FormPart } from './form-part.ts'

const QOS = [
  ['1', 'At least once (1)'],
  ['0', 'At once (0)'],
] as const

const WAITS = [
  ['0', 'No'],
  ['2', '2 s'],
  ['5', '5 s'],
  ['10', '10 s'],
  ['30', '30 s'],
] as const

const FOR = [
  ['acknowledged', 'Devices have it'],
  ['answered', 'A person answers'],
] as const

/** How: what the server does for it. */
export function Delivery({ form, faults, onEdit }: FormPart) {
  return (
    <>
      <div class="pair">
        <Segments
          legend="Delivery"
          isLegendShown
          name="qos"
          options={QOS}
          value={form.qos}
          onChange={(qos) => onEdit({ qos })}
        />
        {form.qos === '1' ? (
          <Segments
            legend="Wait"
            isLegendShown
            name="waitSeconds"
            options={WAITS}
            value={form.waitSeconds}
            onChange={(waitSeconds) => onEdit({ waitSeconds })}
          />
        ) : (
          <p class="hint pair-note">Lost where nobody is connected. There are no receipts.</p>
        )}
      </div>
      {form.qos === '1' && form.waitSeconds !== '0' && (
        <Segments
          legend="Wait until"
          isLegendShown
          name="waitFor"
          options={FOR}
          value={form.waitFor}
          onChange={(waitFor) => onEdit({ waitFor })}
        />
      )}
      <TextField
        label="Lifetime in seconds"
        hint="Past it, it is not delivered any more. Empty: no end."
        inputMode="numeric"
        value={form.ttlSeconds}
        error={faults.get('ttlSeconds')}
        onInput={({ currentTarget }) => onEdit({ ttlSeconds: currentTarget.value })}
      />
      <details open={form.collapseKey !== ''}>
        <summary>More</summary>
        <TextField
          label="Collapse key"
          hint="The event takes the place of your unsent ones with the same key."
          maxLength={128}
          value={form.collapseKey}
          error={faults.get('collapseKey')}
          onInput={({ currentTarget }) => onEdit({ collapseKey: currentTarget.value })}
        />
      </details>
    </>
  )
}
