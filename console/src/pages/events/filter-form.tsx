import { zoneName } from '../../format.ts'
import { type Filters, href } from '../../routes.ts'
import { TextField } from '../../ui/field.tsx'
import { go } from '../../ui/use-route.ts'
import { toInstant, toLocal } from './local-instant.ts'

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
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  }
}
