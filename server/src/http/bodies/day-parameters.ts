import { ID_RULE, isId } from '@rollcall/protocol/id'
import { STEP_SECONDS } from '../../charts/charts.ts'
import { QueryReader } from '../../parse/parse.ts'

/** What `GET /rtc-api/statistics/day` was asked. */
export type DayParameters = { readonly organizationId: string | undefined; readonly stepSeconds: number }

/** @throws RollcallError `invalid_request` naming each parameter that is wrong */
export function parseDayParameters(query: unknown): DayParameters {
  const reader = new QueryReader(query)
  const organizationId = reader.take('organizationId', isId, `must be ${ID_RULE}`)
  const step = reader.take('stepSeconds', isStep, `must be one of ${STEP_SECONDS.join(', ')}`)
  reader.end()
  return { organizationId, stepSeconds: step === undefined ? STEP_SECONDS[0] : Number(step) }
}

function isStep(value: unknown): value is string {
  return STEP_SECONDS.some((step) => String(step) === value)
}
