import { RollcallError } from '@rollcall/protocol/error-code'

type Refused = {
  /** Name of the policy, as the headers have it: visible ASCII without quotes. */
  readonly policy: string
  /** What may be spent at once. */
  readonly quota: number
  /** Time in which an empty bucket fills; seconds. */
  readonly windowSeconds: number
  /** What is left now. */
  readonly remaining: number
  readonly retryAfterSeconds: number
}

/** Too much in too little time: `rate_limited`, with what the answer's headers say about it. */
export class RateLimited extends RollcallError {
  /** `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10 §3). */
  readonly policyHeader: string
  /** `RateLimit` (the same, §4). */
  readonly limitHeader: string

  constructor({ policy, quota, windowSeconds, remaining, retryAfterSeconds }: Refused) {
    super('rate_limited', undefined, { retryAfterSeconds })
    this.name = 'RateLimited'
    this.policyHeader = `"${policy}";q=${quota};w=${windowSeconds}`
    this.limitHeader = `"${policy}";r=${remaining};t=${retryAfterSeconds}`
  }
}
