import type { Problem } from '../../api/problem.ts'
import { TextArea, TextField } from '../../ui/field.tsx'
import { type Filled, wordsIn } from './filled.ts'
import type { Field } from './kinds.ts'

/** Members of an entry to be filled in. */
export function EntryForm({
  fields,
  filled,
  problem,
  isBusy,
  action,
  onFill,
  onSubmit,
  onCancel,
}: {
  readonly fields: readonly Field[]
  readonly filled: Filled
  readonly problem: Problem | undefined
  readonly isBusy: boolean
  /** On the button. */
  readonly action: string
  readonly onFill: (filled: Filled) => void
  readonly onSubmit: () => void
  readonly onCancel: (() => void) | undefined
}) {
  return (
    <form
      class="stack entry-form"
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit()
      }}
    >
      {fields.map((field) => (
        <FieldOf
          key={field.name}
          field={field}
          text={filled[field.name] ?? ''}
          error={errorIn(problem, field.name)}
          onFill={(text) => onFill({ ...filled, [field.name]: text })}
        />
      ))}
      <div class="row">
        <button type="submit" class="button button-primary" aria-disabled={isBusy}>
          {isBusy ? 'Saving …' : action}
        </button>
        {onCancel !== undefined && (
          <button type="button" class="button" onClick={onCancel}>
            Cancel
          </button>
        )}
      </div>
    </form>
  )
}

/** What is wrong with a member, or with something in it: `send[0].to`. */
function errorIn(problem: Problem | undefined, name: string): string | undefined {
  for (const [path, text] of problem?.fields ?? [])
    if (path === name || path.startsWith(`${name}[`)) return path === name ? text : `${path} ${text}`
  return undefined
}

function FieldOf({
  field: { name, label, hint, is, options = [], isRequired = false },
  text,
  error,
  onFill,
}: {
  readonly field: Field
  readonly text: string
  readonly error: string | undefined
  readonly onFill: (text: string) => void
}) {
  const said = { ...(hint === undefined ? {} : { hint }), error }
  const write = ({ currentTarget }: { readonly currentTarget: { readonly value: string } }) =>
    onFill(currentTarget.value)
  const line = { label, name, ...said, required: isRequired, value: text, onInput: write }
  switch (is) {
    case 'flag':
      return (
        <label class="check">
          <input
            type="checkbox"
            name={name}
            checked={text === 'yes'}
            onChange={({ currentTarget }) => onFill(currentTarget.checked ? 'yes' : 'no')}
          />
          {label}
        </label>
      )
    case 'choices':
      return <Choices {...{ label, options, hint, error, onFill }} chosen={wordsIn(text)} />
    case 'json':
      return <TextArea {...{ label, name, ...said }} rows={8} value={text} onInput={write} />
    case 'password':
      return <TextField {...line} type="password" autocomplete="new-password" />
    default:
      return <TextField {...line} />
  }
}

function Choices({
  label,
  options,
  chosen,
  hint,
  error,
  onFill,
}: {
  readonly label: string
  readonly options: readonly string[]
  readonly chosen: readonly string[]
  readonly hint: string | undefined
  readonly error: string | undefined
  readonly onFill: (text: string) => void
}) {
  const toggled = (option: string): string =>
    options.filter((each) => chosen.includes(each) !== (each === option)).join(' ')
  return (
    <fieldset class="field">
      <legend>{label}</legend>
      <div class="choices">
        {options.map((option) => (
          <label key={option} class="check">
            <input
              type="checkbox"
              checked={chosen.includes(option)}
              onChange={() => onFill(toggled(option))}
            />
            <span class="breakable">{option}</span>
          </label>
        ))}
      </div>
      {hint !== undefined && <p class="hint">{hint}</p>}
      {error !== undefined && <p class="field-error">{error}</p>}
    </fieldset>
  )
}
