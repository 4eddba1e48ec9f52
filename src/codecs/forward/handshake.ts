/**
 * The HELO, PING and PONG of the Fluentd forward protocol v1, both sides of it.
 * Fields are bytes throughout: Fluent Bit sends its nonce and salt as raw bytes in a str, which no
 * text survives. Concatenation and digests are over those bytes; digests are lower-case hex.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { ByteWriter } from '../byte-writer.ts'
import { CodecError } from '../codec-error.ts'
import { isArray, isBin, isMap, isStr, typeName } from '../msgpack/format.ts'
import { MsgpackScanner } from '../msgpack/scanner.ts'
import {
  writeArrayHeader,
  writeBin,
  writeBoolean,
  writeMapHeader,
  writeStr,
  writeStrBytes,
} from '../msgpack/writer.ts'
import {
  findField,
  isStrEqual,
  mapBodyOffset,
  mapCount,
  payloadEnd,
  payloadStart,
  skipValue,
} from '../record.ts'

/** Far above any handshake message: names, salts and digests of some hundred bytes. */
export const HANDSHAKE_MAX_BYTES = 16 * 1024
const DEPTH_MAX = 4
const TRUE = 0xc3

export interface Helo {
  readonly nonce: Uint8Array
  /** Salt of the password digest; empty when the server asks for no password. */
  readonly authSalt: Uint8Array
  /** Whether the server keeps the connection open after the first message. */
  readonly keepalive: boolean
}

export interface Ping {
  readonly hostname: Uint8Array
  readonly salt: Uint8Array
  /** `sharedKeyDigest` of the client. */
  readonly digest: Uint8Array
  readonly username: Uint8Array
  /** `passwordDigest` of the client. */
  readonly passwordDigest: Uint8Array
}

export interface Pong {
  readonly isAccepted: boolean
  /** Why not; empty when accepted. */
  readonly reason: string
  readonly hostname: Uint8Array
  /** `sharedKeyDigest` of the server. */
  readonly digest: Uint8Array
}

export interface SharedKeyProof {
  readonly salt: Uint8Array
  /** Of the side that proves that it knows the key. */
  readonly hostname: Uint8Array
  readonly nonce: Uint8Array
  readonly sharedKey: Uint8Array
}

export interface PasswordProof {
  readonly authSalt: Uint8Array
  readonly username: Uint8Array
  readonly password: Uint8Array
}

/** What `cutMessage` found: the first value of the stream and where the rest starts. */
export interface HandshakeMessage {
  readonly message: Uint8Array
  readonly length: number
}

/**
 * The first whole msgpack value of `bytes`, null while more has to arrive, or an error. It takes
 * at most HANDSHAKE_MAX_BYTES and starts over each time, which such a size allows.
 */
export function cutMessage(bytes: Uint8Array): HandshakeMessage | CodecError | null {
  const scanner = handshakeScanner()
  const length = scanner.scan(bytes, 0, bytes.length)
  if (scanner.error !== null) return scanner.error
  return length > 0 ? { message: bytes.subarray(0, length), length } : null
}

/** `["HELO", {nonce, auth, keepalive}]`; nonce and salt as bin, as Fluentd does. */
export function encodeHelo(helo: Helo): Uint8Array {
  const writer = new ByteWriter(256)
  writeArrayHeader(writer, 2)
  writeStr(writer, 'HELO')
  writeMapHeader(writer, 3)
  writeStr(writer, 'nonce')
  writeBin(writer, helo.nonce)
  writeStr(writer, 'auth')
  writeBin(writer, helo.authSalt)
  writeStr(writer, 'keepalive')
  writeBoolean(writer, helo.keepalive)
  return writer.written()
}

/** `message` is one whole value, as `cutMessage` gives it; so for the other decoders. */
export function decodeHelo(message: Uint8Array): Helo | CodecError {
  const elements = elementsOf(message, 'HELO', 2)
  if (elements instanceof CodecError) return elements
  const options = elements[1]!
  if (!isMap(message[options]!)) return shapeError(message, options, 'a map of options')
  const nonceOffset = findField(message, options, utf8('nonce'))
  const nonce = nonceOffset < 0 ? null : readBytes(message, nonceOffset)
  if (nonce === null) return shapeError(message, options, 'a nonce (str or bin)')
  const authOffset = findField(message, options, utf8('auth'))
  const authSalt = authOffset < 0 ? null : readBytes(message, authOffset)
  const keepaliveOffset = findField(message, options, utf8('keepalive'))
  // Absent means true: the option came later than the protocol.
  const keepalive = keepaliveOffset < 0 || message[keepaliveOffset] === TRUE
  return { nonce, authSalt: authSalt ?? new Uint8Array(0), keepalive }
}

/** `["PING", hostname, salt, digest, username, password digest]` */
export function encodePing(ping: Ping): Uint8Array {
  const { hostname, salt, digest, username, passwordDigest } = ping
  const writer = new ByteWriter(512)
  writeArrayHeader(writer, 6)
  writeStr(writer, 'PING')
  for (const field of [hostname, salt, digest, username, passwordDigest]) {
    writeStrBytes(writer, field, 0, field.length)
  }
  return writer.written()
}

export function decodePing(message: Uint8Array): Ping | CodecError {
  const elements = elementsOf(message, 'PING', 6)
  if (elements instanceof CodecError) return elements
  const fields: Uint8Array[] = []
  for (const offset of elements.slice(1)) {
    const field = readBytes(message, offset)
    if (field === null) return shapeError(message, offset, 'a str or bin')
    fields.push(field)
  }
  const [hostname, salt, digest, username, passwordDigest] = fields as FiveFields
  return { hostname, salt, digest, username, passwordDigest }
}

/** `["PONG", accepted, reason, hostname, digest]` */
export function encodePong(pong: Pong): Uint8Array {
  const writer = new ByteWriter(512)
  writeArrayHeader(writer, 5)
  writeStr(writer, 'PONG')
  writeBoolean(writer, pong.isAccepted)
  writeStr(writer, pong.reason)
  writeStrBytes(writer, pong.hostname, 0, pong.hostname.length)
  writeStrBytes(writer, pong.digest, 0, pong.digest.length)
  return writer.written()
}

export function decodePong(message: Uint8Array): Pong | CodecError {
  const elements = elementsOf(message, 'PONG', 5)
  if (elements instanceof CodecError) return elements
  const isAccepted = message[elements[1]!] === TRUE
  const reason = Buffer.from(readBytes(message, elements[2]!) ?? []).toString()
  const hostname = readBytes(message, elements[3]!)
  const digest = readBytes(message, elements[4]!)
  if (hostname === null) return shapeError(message, elements[3]!, 'a hostname (str)')
  if (digest === null) return shapeError(message, elements[4]!, 'a digest (str)')
  return { isAccepted, reason, hostname, digest }
}

/** What client and server send to prove that they know the shared key: 128 hex digits. */
export function sharedKeyDigest(proof: SharedKeyProof): Uint8Array {
  return sha512Hex([proof.salt, proof.hostname, proof.nonce, proof.sharedKey])
}

/** What a client sends instead of its password: 128 hex digits. */
export function passwordDigest(proof: PasswordProof): Uint8Array {
  return sha512Hex([proof.authSalt, proof.username, proof.password])
}

/** Takes as long for a wrong digest as for the right one. */
export function isSameDigest(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right)
}

type FiveFields = [Uint8Array, Uint8Array, Uint8Array, Uint8Array, Uint8Array]

function sha512Hex(parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha512')
  for (const part of parts) hash.update(part)
  return utf8(hash.digest('hex'))
}

/** Where the elements of `[name, …]` start, if `message` is a valid array of `count` of them. */
function elementsOf(message: Uint8Array, name: string, count: number): number[] | CodecError {
  const scanner = handshakeScanner()
  const length = scanner.scan(message, 0, message.length)
  if (scanner.error !== null) return scanner.error
  const isWhole = length === message.length && !scanner.isTooDeep && isArray(message[0]!)
  if (!isWhole || mapCount(message, 0) !== count) {
    return shapeError(message, 0, `${name}, an array of ${count}`)
  }
  const offsets: number[] = []
  let position = mapBodyOffset(message, 0)
  while (offsets.length < count) {
    offsets.push(position)
    position = skipValue(message, position)
  }
  const isNamed = isStrEqual(message, offsets[0]!, utf8(name))
  return isNamed ? offsets : shapeError(message, offsets[0]!, `the word ${name}`)
}

function handshakeScanner(): MsgpackScanner {
  return new MsgpackScanner({ depthMax: DEPTH_MAX, valueMaxBytes: HANDSHAKE_MAX_BYTES })
}

function readBytes(message: Uint8Array, offset: number): Uint8Array | null {
  const type = message[offset]!
  if (!isStr(type) && !isBin(type)) return null
  return message.subarray(payloadStart(message, offset), payloadEnd(message, offset))
}

function shapeError(message: Uint8Array, offset: number, expected: string): CodecError {
  const found = message.length === 0 ? 'nothing' : typeName(message[offset]!)
  return new CodecError({ reason: 'invalid_handshake', offset, found, expected })
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
