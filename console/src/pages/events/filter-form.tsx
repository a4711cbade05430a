import { zoneName } from '../../format.ts'
import { wordsFor } from '../../outcome/outcome.ts'
import { type Filters, href } from '../../routes.ts'
import { SelectField, TextField } from '../../ui/field.tsx'
import { go } from '../../ui/use-route.ts'
import { toInstant, toLocal } from './local-instant.ts'

const OUTCOMES = [
  ['', 'any'],
  ...(['acknowledged', 'sent', 'woken', 'queued', 'not_connected', 'expired', 'discarded'] as const).map(
    (outcome) => [outcome, wordsFor(outcome, 1).text] as const,
  ),
] as const

/** Narrows the list of events. What is filled in goes into the address, so that it can be kept and handed on. */
export function FilterForm({ filters }: { readonly filters: Filters }) {
  return (
    <form
      class="card filters"
      aria-label="Filters"
      onSubmit={(event) => {
        event.preventDefault()
        go(href(['events'], filtersIn(new FormData(event.currentTarget))))
      }}
    >
      <TextField label="User id" name="userId" defaultValue={filters.userId ?? ''} />
      <TextField label="Type" name="type" placeholder="CallOfferedEvent" defaultValue={filters.type ?? ''} />
      <TextField label="Device id" name="userEndpointId" defaultValue={filters.userEndpointId ?? ''} />
      <TextField
        label="Words"
        name="text"
        placeholder="a part of it"
        maxLength={100}
        defaultValue={filters.text ?? ''}
      />
      <SelectField label="Outcome" name="outcome" options={OUTCOMES} value={filters.outcome ?? ''} />
      <TextField
        label="From"
        name="from"
        type="datetime-local"
        step={1}
        defaultValue={toLocal(filters.from)}
      />
      <TextField label="Before" name="to" type="datetime-local" step={1} defaultValue={toLocal(filters.to)} />
      <p class="hint filters-zone">Times are in {zoneName()}.</p>
      <div class="row filters-do">
        <button type="submit" class="button button-primary">
          Filter
        </button>
        {Object.keys(filters).length > 0 && (
          <a class="button" href={href(['events'])}>
            Clear
          </a>
        )}
      </div>
    </form>
  )
}

function filtersIn(form: FormData): Filters {
  const text = (name: string): string => String(form.get(name) ?? '').trim()
  const { from, to } = { from: toInstant(text('from')), to: toInstant(text('to')) }
  return {
    userId: text('userId'),
    type: text('type'),
    userEndpointId: text('userEndpointId'),
    outcome: text('outcome'),
    text: text('text'),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  }
}
