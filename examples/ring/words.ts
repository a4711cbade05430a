import type { State } from '@rollcall/client'
import type { Notice, Phone } from './call-state.ts'
import { nameOf } from './people.ts'

/** What the page says. */

export function stateText(state: State, name: string): string {
  switch (state.status) {
    case 'connecting':
      return `Signing in as ${name}…`
    case 'online':
      return `${name} · online`
    case 'reconnecting':
      return `${name} · reconnecting${inSeconds(state)}: ${whyText(state)}`
    case 'expired':
      return `${name} · registering again${inSeconds(state)}`
    case 'closed':
      return `${name} · not reachable: ${whyText(state)}`
  }
}

function inSeconds({ retryInMs }: State): string {
  return retryInMs === undefined ? '' : ` in ${Math.ceil(retryInMs / 1000)} s`
}

function whyText({ error, reason }: State): string {
  return error?.message ?? reason
}

export function callText({ call, notice }: Phone): string {
  switch (call.kind) {
    case 'idle':
      return notice === undefined ? '' : noticeText(notice)
    case 'calling':
      return `Calling ${nameOf(call.peer)}…`
    case 'ringing':
      return call.deviceCount === 1 ? 'Ringing…' : `Ringing on ${call.deviceCount} devices…`
    case 'incoming':
      return `${nameOf(call.peer)} is ringing`
    case 'answering':
      return 'Connecting…'
    case 'connected':
      return call.isCaller ? `${nameOf(call.peer)} answered` : `In a call with ${nameOf(call.peer)}`
  }
}

function noticeText({ kind, peer, text = '' }: Notice): string {
  const name = nameOf(peer)
  switch (kind) {
    case 'not_registered':
      return `${name} is unavailable: not registered on any device`
    case 'no_device':
      return `${name} is unavailable: no device answered the ring`
    case 'no_answer':
      return 'No answer'
    case 'no_reply':
      return `${name} could not be reached any more`
    case 'declined':
      return `${name} declined`
    case 'busy':
      return `${name} is busy`
    case 'answered_elsewhere':
      return 'Answered in another tab'
    case 'declined_elsewhere':
      return 'Declined in another tab'
    case 'missed':
      return `Missed call from ${name}`
    case 'ended':
      return 'Call ended'
    case 'failed':
      return `The call failed: ${text}`
    case 'lost':
      return 'Call ended: this tab was not reachable any more'
  }
}

/** How long a call has lasted: `0:07`, `12:34`, `1:00:00`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const two = (value: number): string => String(value % 60).padStart(2, '0')
  const minutes = Math.floor(seconds / 60)
  return minutes < 60
    ? `${minutes}:${two(seconds)}`
    : `${Math.floor(minutes / 60)}:${two(minutes)}:${two(seconds)}`
}

/** The first letter, whole where it takes two units. */
export function initialOf(name: string): string {
  return ([...name][0] ?? '?').toUpperCase()
}
