import { RollcallError } from '@rollcall/protocol/error-code'
import { isId } from '@rollcall/protocol/id'
import { IN_FLIGHT_MAX } from '@rollcall/protocol/limits'
import type { IConnectPacket } from 'mqtt-packet'
import { mustShowCertificate, type Principal } from '../../auth/auth.ts'
import { holderOf, RateLimited } from '../../limits/limits.ts'
import { asError } from '../../observe/observe.ts'
import type { MqttContext, Place } from '../context.ts'
import { refusal, type Welcome } from '../packets/answers.ts'
import type { Version } from '../packets/checks.ts'
import { connectLevel, decode } from '../packets/decode.ts'
import { type ConnectRefusal, PacketError } from '../reasons.ts'
import { latestRenewalWallMs } from '../session/authorization.ts'
import { clientKey, type MqttClient } from '../session/client.ts'
import type { Connection } from '../session/connection.ts'

/** What a CONNECT costs its user, and a token that was checked for nothing its address; milliseconds. */
const CONNECT_COST_MS = 0.1
const FORGERY_COST_MS = 0.3

/** A connection that may be accepted. */
export type PendingConnection = Connection & {
  /**
   * CONNECT was accepted. Another connection of the same user with the same client id is closed.
   *
   * @param place of its user's share
   */
  accept(client: MqttClient, answer: Welcome, place: Place): void
}

/** A CONNECT that is answered with a refusal. */
class ConnectRefused extends Error {
  readonly refusal: ConnectRefusal

  constructor(refusal: ConnectRefusal) {
    super(refusal)
    this.name = 'ConnectRefused'
    this.refusal = refusal
  }
}

/** CONNECT, the first packet: accepts or refuses it by CONNACK. */
export async function connect(connection: PendingConnection, bytes: Buffer): Promise<void> {
  const level = connectLevel(bytes)
  if (level !== 4 && level !== 5) return refuse(connection, level > 5 ? 5 : 4, 'unsupported_version')
  const packet = decode(bytes, level)
  if (packet.cmd !== 'connect') throw new PacketError('protocol_error')
  const judgement = await judgeConnect(packet, level, connection).catch((error: unknown) =>
    refusalOf(error, connection.context),
  )
  if (!connection.isOpen) return
  if (typeof judgement === 'string') return refuse(connection, level, judgement)
  const isKept = await mustNotTakeOver(connection.context, judgement.client)
  if (!connection.isOpen) return
  if (isKept) refuse(connection, level, 'take_over_refused', judgement.client.packetBytesMax)
  else if (lacksCertificate(connection, judgement.client)) refuse(connection, level, 'unauthorized')
  // Revoked while it was judged: whoever closes links did not see this one yet.
  else if (!connection.context.auth.isStillGood(judgement.client.token))
    refuse(connection, level, 'unauthorized')
  else acceptWithin(connection, level, judgement)
}

/** With a place of its user's share. One that takes another connection over has that one's. */
function acceptWithin(connection: PendingConnection, level: Version, { client, welcome }: Judgement): void {
  const { sessions, ledger } = connection.context
  const holder = holderOf(client.principal)
  let release = ledger.links.take(holder)
  const former = client.key === undefined ? undefined : sessions.find(client.key)
  if (release === undefined && former !== undefined) {
    former.close('taken_over')
    release = ledger.links.take(holder)
  }
  if (release === undefined) refuse(connection, level, 'quota_exceeded')
  else {
    connection.context.work.spend(client.principal, CONNECT_COST_MS)
    noteStale(connection.context, client)
    connection.accept(client, welcome, { holder, remoteAddress: connection.remoteAddress, release })
  }
}

/** Told each time: whoever has an old token of somebody may be somebody else. (SECURITY.md, "Checklist") */
function noteStale(
  { clock, log, metrics }: MqttContext,
  { principal, renewedUntilWallMs }: MqttClient,
): void {
  const expiredForMs = clock.wallMs() - principal.expiresAtWallMs
  if (renewedUntilWallMs === 0 || expiredForMs < 0) return
  metrics.staleConnect()
  log.info('mqtt: an expired token connects, its user has renewed a registration', {
    organizationId: principal.organizationId,
    userId: principal.userId,
    expiredForSeconds: Math.round(expiredForMs / 1000),
  })
}

/** Only a client id that another connection has, at whatever process, can be fought over. */
function mustNotTakeOver(context: MqttContext, { key }: MqttClient): boolean | Promise<boolean> {
  const { sessions, clientIds, takeOvers } = context
  if (key === undefined || !takeOvers.isHeld('client id', key)) return false
  return sessions.has(key) || (clientIds?.isElsewhere(key) ?? false)
}

function lacksCertificate({ context, transport }: Connection, { principal }: MqttClient): boolean {
  const isNeeded = context.settings.backendsShowCertificate === true && mustShowCertificate(principal)
  return isNeeded && !transport.hasCertificate
}

function refuse(
  connection: Connection,
  version: Version,
  why: ConnectRefusal,
  packetBytesMax?: number,
): void {
  connection.context.metrics.refused('mqtt', why)
  connection.write(refusal(version, why, packetBytesMax))
  connection.close('connect_refused')
}

/** Whatever could not be decided is refused as well. */
function refusalOf(error: unknown, { log }: MqttContext): ConnectRefusal {
  if (error instanceof ConnectRefused) return error.refusal
  if (error instanceof RateLimited) return 'quota_exceeded'
  log.error('mqtt: a CONNECT could not be decided', {
    err: asError(error),
  })
  return 'unavailable'
}

type Judgement = { readonly client: MqttClient; readonly welcome: Welcome }

/** JWS compact form (RFC 7515 §7.1): anything else cannot be a token. */
const TOKEN_FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/

/**
 * Decides about a well-formed CONNECT. A will is read over: it is never published, so that neither its QoS nor
 * its retain flag matters.
 *
 * @throws ConnectRefused
 */
async function judgeConnect(
  packet: IConnectPacket,
  version: Version,
  { context, remoteAddress }: Connection,
): Promise<Judgement> {
  checkRoom(context)
  checkAuthenticationMethod(packet)
  checkClientId(packet, version)
  const token = readToken(packet)
  const { principal, renewedUntilWallMs } = await authenticate(token, context, remoteAddress)
  context.work.admit(principal)
  checkUserName(packet, version, principal)
  const assignedClientId = packet.clientId === '' && version === 5 ? makeClientId(context) : undefined
  const clientId = assignedClientId ?? packet.clientId
  return {
    client: {
      version,
      principal,
      connectedAtWallMs: context.clock.wallMs(),
      token: context.auth.kept(token),
      key: clientId === '' ? undefined : clientKey(principal, clientId),
      ...readBounds(packet),
      renewedUntilWallMs,
      isRenewing: false,
    },
    welcome: { version, assignedClientId, wantsSession: (packet.properties?.sessionExpiryInterval ?? 0) > 0 },
  }
}

function checkRoom({ sessions, settings }: MqttContext): void {
  if (sessions.connected >= settings.linksMax) throw new ConnectRefused('quota_exceeded')
}

/** Extended authentication (MQTT 5.0 §4.12): there is none. */
function checkAuthenticationMethod({ properties }: IConnectPacket): void {
  if (properties?.authenticationMethod !== undefined) throw new ConnectRefused('bad_authentication_method')
}

/** MQTT 3.1.1 lets a client do without an id only with a clean session [MQTT-3.1.3-8]; MQTT 5 always. */
function checkClientId({ clientId, clean }: IConnectPacket, version: Version): void {
  const isAbsent = clientId === '' && (version === 5 || clean === true)
  if (!isAbsent && !isId(clientId)) throw new ConnectRefused('client_id_invalid')
}

function readToken({ password }: IConnectPacket): string {
  const token = password?.toString('latin1') ?? ''
  if (!TOKEN_FORM.test(token)) throw new ConnectRefused('bad_credentials')
  return token
}

type Authenticated = { readonly principal: Principal; readonly renewedUntilWallMs: number }

async function authenticate(
  token: string,
  context: MqttContext,
  remoteAddress: string,
): Promise<Authenticated> {
  const { auth, work, shedding } = context
  let place: string | undefined
  try {
    const principal = await auth.authenticate(token, () => {
      shedding.admit('unknown-token')
      place = work.admitStranger(remoteAddress)
      return place
    })
    return { principal, renewedUntilWallMs: 0 }
  } catch (error) {
    // Too many wait to be checked, or the server is overloaded: that is no fault, and must not fill the log.
    if (error instanceof RollcallError && error.code === 'unavailable')
      throw new ConnectRefused('unavailable')
    if (!(error instanceof RateLimited)) work.spendStranger(remoteAddress, FORGERY_COST_MS)
    if (error instanceof RollcallError && error.code === 'unauthorized')
      return authenticateStale(token, context, place)
    throw error
  }
}

/**
 * Phones reconnect with the first token they ever had, although they renew their registrations with newer
 * ones: an expired but genuine token is good while such a renewed registration of its user lives.
 */
async function authenticateStale(
  token: string,
  context: MqttContext,
  place: string | undefined,
): Promise<Authenticated> {
  const { principal, expired } = await judgeStale(token, context, place)
  if (!expired) return { principal, renewedUntilWallMs: 0 }
  const nowWallMs = context.clock.wallMs()
  const renewedUntilWallMs = await latestRenewalWallMs(principal, context.registrar)
  if (renewedUntilWallMs <= nowWallMs) throw new ConnectRefused('unauthorized')
  return { principal, renewedUntilWallMs }
}

async function judgeStale(
  token: string,
  { auth }: MqttContext,
  place: string | undefined,
): ReturnType<MqttContext['auth']['authenticateStale']> {
  try {
    return await auth.authenticateStale(token, place)
  } catch (error) {
    if (error instanceof RollcallError) throw new ConnectRefused('unauthorized')
    throw error
  }
}

/** MQTT 5 allows a password without a user name (§3.1.2.9). */
function checkUserName({ username }: IConnectPacket, version: Version, { userId }: Principal): void {
  if (username === undefined && version === 5) return
  if (username !== userId) throw new ConnectRefused('unauthorized')
}

function makeClientId({ random }: MqttContext): string {
  return `assigned-${random.bytes(16).toString('hex')}`
}

function readBounds({ keepalive = 0, properties }: IConnectPacket) {
  return {
    silenceMsMax: keepalive === 0 ? undefined : keepalive * 1500, // [MQTT-3.1.2-22]: 1.5 times
    inFlightMax: Math.min(IN_FLIGHT_MAX, properties?.receiveMaximum ?? IN_FLIGHT_MAX),
    wantsReasons: properties?.requestProblemInformation !== false,
    packetBytesMax: properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY,
  }
}
