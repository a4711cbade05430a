import type { Numbered, TokenOperation } from '../lines.ts'
import { type Call, isAbout, isOk, linesOf } from '../picture/calls.ts'
import type { Judge, Rule } from './rule.ts'

/** The links of a token are closed so much later at most: PROTOCOL.md, Authorization of a link. */
const CLOSED_WITHIN_MS = 2000

type Revocation = Call<Extract<TokenOperation, { op: 'revoke' }>>
type Token = { readonly user: string; readonly issued: Call; revokedBy: Revocation | undefined }

export const REVOKED_IS_REFUSED: Rule = {
  name: 'R12',
  title: 'after a revocation was answered no node takes a token from before it',
  watch(picture, judge) {
    const tokens = new Map<string, Token>()
    return {
      take({ number, line }) {
        const { call } = picture
        if (line.kind === 'end' && call !== undefined) {
          note(tokens, call)
          judgeCall(judge, tokens, call)
        }
        if (line.kind !== 'delivery') return
        const hold = picture.links.find(line.link, line.endpoint)
        const by = tokens.get(hold?.up.line.token ?? '')?.revokedBy
        if (by?.end === undefined || line.atMs <= by.end.line.atMs + CLOSED_WITHIN_MS) return
        // Whoever stood still has not closed anything yet.
        if (picture.faults.within(by.end.line.atMs, line.atMs) !== undefined) return judge.open()
        judge.violated(`${line.link} was opened with a revoked token, and got ${line.eventId}`, [
          ...linesOf(by),
          hold?.up,
          { number, line },
        ])
      },
    }
  },
}

function note(tokens: Map<string, Token>, call: Call): void {
  if (!isOk(call)) return
  if (isAbout(call, 'token'))
    tokens.set(call.begin.line.issues, { user: call.begin.line.user, issued: call, revokedBy: undefined })
  if (!isAbout(call, 'revoke')) return
  const { revokes, user } = call.begin.line
  for (const [name, token] of tokens) {
    const isMeant = revokes === undefined ? token.user === user : name === revokes
    if (isMeant && isBefore(token.issued.end, call.begin)) token.revokedBy ??= call
  }
}

/** What was issued while a revocation was under way may be from after it. */
function isBefore(end: Numbered | undefined, begin: Numbered): boolean {
  return end !== undefined && end.number < begin.number
}

function judgeCall(judge: Judge, tokens: ReadonlyMap<string, Token>, call: Call) {
  const { line } = call.begin
  const token = 'token' in line && line.token !== undefined ? tokens.get(line.token) : undefined
  if (token?.revokedBy === undefined || !isBefore(token.revokedBy.end, call.begin)) return
  if (!isOk(call)) return judge.holds()
  judge.violated(`${line.op} was done with a token that had been revoked`, [
    ...linesOf(token.issued),
    ...linesOf(token.revokedBy),
    ...linesOf(call),
  ])
}
