/**
 * Random msgpack of every type and header size, with the JSON text it must become. The text is
 * made of JavaScript strings, TextDecoder, BigInt and JSON.stringify: nothing of ours.
 */
import fc from 'fast-check'
import { encodeEntry } from '../support/entries.ts'

export interface Value {
  readonly bytes: Uint8Array
  /** str or bin. */
  readonly isText: boolean
  /** JSON text; `isInKey` when the value is part of a map's key. */
  readonly json: (isInKey: boolean) => string
  /** JSON text of the value as a map's key, quotes included. */
  readonly keyJson: (isInKey: boolean) => string
}

export interface RandomEntry {
  readonly bytes: Uint8Array
  readonly line: (tag: string) => string
}

/** Keeps a byte order mark, as we do. */
export const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

export const joined = (...parts: (Uint8Array | number[])[]): Uint8Array =>
  new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part))))

/**
 * A header whose length field, 8, 16 or 32 bits, is at least as wide as `length` needs; `types`
 * are the type bytes of the three, null where there is none.
 */
function header(types: readonly (number | null)[], length: number, choice: number): number[] {
  const possible = types.flatMap((type, index) => {
    const width = 1 << index
    const fits = type !== null && length < 256 ** width
    return fits ? [[type, ...bigEndian(BigInt(length), width * 8)]] : []
  })
  return possible[choice % possible.length]!
}

/** For the fixed forms `base` is the type byte of length zero. */
const fixed = (base: number, limit: number, length: number, choice: number): number[] | null =>
  length < limit && choice < 4 ? [base | length] : null

function scalar(bytes: Uint8Array | number[], json: string): Value {
  return { bytes: joined(bytes), isText: false, json: () => json, keyJson: () => `"${json}"` }
}

function integer(type: number, bits: number, isSigned: boolean): fc.Arbitrary<Value> {
  const span = 1n << BigInt(bits)
  const [min, max] = isSigned ? [-(span >> 1n), (span >> 1n) - 1n] : [0n, span - 1n]
  const borders = [min, min + 1n, max, max - 1n, 0n, 1n, 10n, 99n, 100n].filter(
    (value) => value >= min && value <= max,
  )
  const around = [2n ** 53n, -(2n ** 53n), 10n ** 9n, 10n ** 18n].flatMap((value) =>
    [-1n, 0n, 1n].map((step) => value + step).filter((near) => near >= min && near <= max),
  )
  return fc
    .oneof(fc.constantFrom(...borders, ...around), fc.bigInt({ min, max }))
    .map((value) =>
      scalar(joined([type], bigEndian(BigInt.asUintN(bits, value), bits)), `${value}`),
    )
}

function bigEndian(value: bigint, bits: number): number[] {
  const bytes: number[] = []
  for (let shift = bits - 8; shift >= 0; shift -= 8) {
    bytes.push(Number((value >> BigInt(shift)) & 0xffn))
  }
  return bytes
}

export function floatJson(value: number): string {
  return Object.is(value, -0) ? '-0' : JSON.stringify(value)
}

function float(type: number, width: number): fc.Arbitrary<Value> {
  const special = fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 0.1, 1e21, 1e-7, 5e-324, 1.5e300)
  const short = fc
    .tuple(fc.integer(), fc.integer({ min: 1, max: 8 }))
    .map(([digits, decimals]) => digits / 10 ** decimals)
  const number = fc.oneof(special, fc.double(), fc.integer().map(Number), short)
  return number.map((value) => {
    const view = new DataView(new ArrayBuffer(width))
    if (width === 4) view.setFloat32(0, value)
    else view.setFloat64(0, value)
    const stored = width === 4 ? view.getFloat32(0) : view.getFloat64(0)
    return scalar(joined([type], new Uint8Array(view.buffer)), floatJson(stored))
  })
}

/** Text that is mostly text, with escapes and ill-formed bytes in it. */
const textBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => new TextEncoder().encode(text)),
  fc
    .string({ unit: 'grapheme-ascii', maxLength: 400 })
    .map((text) => new TextEncoder().encode(text)),
  fc.uint8Array({ maxLength: 40 }),
  fc
    .array(fc.constantFrom(0x22, 0x5c, 0x0a, 0x1f, 0x7f, 0x61, 0xc3, 0xa9, 0xe2, 0x80, 0xf0), {
      maxLength: 40,
    })
    .map((bytes) => new Uint8Array(bytes)),
)

export function textValue(text: Uint8Array, kind: 'str' | 'bin', choice = 0): Value {
  const types = kind === 'str' ? [0xd9, 0xda, 0xdb] : [0xc4, 0xc5, 0xc6]
  const short = kind === 'str' ? fixed(0xa0, 32, text.length, choice) : null
  const json = JSON.stringify(decoder.decode(text))
  return {
    bytes: joined(short ?? header(types, text.length, choice), text),
    isText: true,
    json: () => json,
    keyJson: () => json,
  }
}

const choice = fc.nat({ max: 6 })
const text = fc
  .tuple(textBytes, fc.constantFrom('str', 'bin'), choice)
  .map(([bytes, kind, chosen]) => textValue(bytes, kind, chosen))

const ext = fc
  .tuple(
    fc.oneof(fc.uint8Array({ maxLength: 20 }), fixextData()),
    fc.integer({ min: -128, max: 127 }),
    choice,
  )
  .map(([data, type, chosen]) => {
    const log = Math.log2(data.length)
    const isFixed = Number.isInteger(log) && log <= 4 && chosen < 3
    const head = isFixed ? [0xd4 + log] : header([0xc7, 0xc8, 0xc9], data.length, chosen)
    const bytes = joined(head, [type & 0xff], data)
    const json = `{"type":${type},"data":"${Buffer.from(data).toString('base64')}"}`
    return composite(bytes, () => json)
  })

function fixextData(): fc.Arbitrary<Uint8Array> {
  return fc
    .constantFrom(1, 2, 4, 8, 16)
    .chain((length) => fc.uint8Array({ minLength: length, maxLength: length }))
}

function composite(bytes: Uint8Array, json: (isInKey: boolean) => string): Value {
  const base64 = `"${Buffer.from(bytes).toString('base64')}"`
  return {
    bytes,
    isText: false,
    json,
    keyJson: (isInKey) => (isInKey ? base64 : JSON.stringify(json(true))),
  }
}

const anyScalar = fc.oneof(
  fc.integer({ min: 0, max: 0x7f }).map((value) => scalar([value], `${value}`)),
  fc.integer({ min: -32, max: -1 }).map((value) => scalar([value & 0xff], `${value}`)),
  fc.constantFrom(scalar([0xc0], 'null'), scalar([0xc2], 'false'), scalar([0xc3], 'true')),
  ...[8, 16, 32, 64].map((bits, index) => integer(0xcc + index, bits, false)),
  ...[8, 16, 32, 64].map((bits, index) => integer(0xd0 + index, bits, true)),
  float(0xca, 4),
  float(0xcb, 8),
)

type Pair = readonly [Value, Value]

function array(items: readonly Value[], chosen: number): Value {
  const head =
    fixed(0x90, 16, items.length, chosen) ?? header([null, 0xdc, 0xdd], items.length, chosen)
  const bytes = joined(head, ...items.map((item) => item.bytes))
  return composite(bytes, (isInKey) => `[${items.map((item) => item.json(isInKey)).join(',')}]`)
}

function mapBytes(pairs: readonly Pair[], chosen: number): Uint8Array {
  const head =
    fixed(0x80, 16, pairs.length, chosen) ?? header([null, 0xde, 0xdf], pairs.length, chosen)
  return joined(head, ...pairs.flatMap(([key, value]) => [key.bytes, value.bytes]))
}

function pairsJson(pairs: readonly Pair[], isInKey: boolean): string {
  return pairs.map(([key, value]) => `${key.keyJson(isInKey)}:${value.json(isInKey)}`).join(',')
}

const { value: anyValue } = fc.letrec<{ value: Value; key: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    { arbitrary: text, weight: 4 },
    { arbitrary: anyScalar, weight: 4 },
    ext,
    fc.tuple(fc.array(tie('value'), { maxLength: 20 }), choice).map((args) => array(...args)),
    fc
      .tuple(fc.array(fc.tuple(tie('key'), tie('value')), { maxLength: 20 }), choice)
      .map(([pairs, chosen]) =>
        composite(mapBytes(pairs, chosen), (isInKey) => `{${pairsJson(pairs, isInKey)}}`),
      ),
  ),
  key: fc.oneof({ arbitrary: text, weight: 5 }, { arbitrary: tie('value'), weight: 1 }),
}))

const RESERVED = ['time', 'tag', '_time', '_tag', '__time', '__tag', '___time', 'times', '_ta']
const reservedKey = fc
  .tuple(fc.constantFrom(...RESERVED), fc.constantFrom('str', 'bin'), choice)
  .map(([name, kind, chosen]) => textValue(new TextEncoder().encode(name), kind, chosen))

export const randomValue = anyValue

export const randomEntry: fc.Arbitrary<RandomEntry> = fc
  .tuple(
    fc.integer({ min: 0, max: 0xffff_ffff }),
    fc.integer({ min: 0, max: 999_999_999 }),
    fc.array(fc.tuple(fc.oneof(reservedKey, anyValue), anyValue), { maxLength: 20 }),
    choice,
  )
  .map(([seconds, nanoseconds, pairs, chosen]) => ({
    bytes: encodeEntry(seconds, nanoseconds, mapBytes(pairs, chosen)),
    line: (tag) => {
      const time = new Date(seconds * 1000).toISOString().slice(0, 19)
      const fraction = String(nanoseconds).padStart(9, '0')
      const fields = pairsJson(renamed(pairs), false)
      const start = `{"time":"${time}.${fraction}Z","tag":${JSON.stringify(tag.toWellFormed())}`
      return `${start}${fields === '' ? '' : ','}${fields}}`
    },
  }))

function renamed(pairs: readonly Pair[]): Pair[] {
  const taken = new Set(pairs.filter(([key]) => key.isText).map(([key]) => key.json(false)))
  return pairs.map(([key, value]) => {
    const name = ['time', 'tag'].find((own) => key.isText && key.json(false) === `"${own}"`)
    if (name === undefined) return [key, value]
    let free = `_${name}`
    while (taken.has(`"${free}"`)) free = `_${free}`
    return [{ ...key, keyJson: () => `"${free}"` }, value]
  })
}
