/** Date and time of a second as RFC 3339 has them. Twin: ../../lines/timestamp.ts. */

const DAY_SECONDS: u32 = 86_400

/** Puts the digits of `2026-11-21T08:50:00`; what is between them is there already. */
export function putDateTime(target: usize, seconds: u32): void {
  const secondOfDay = seconds % DAY_SECONDS
  putDate(target, (seconds - secondOfDay) / DAY_SECONDS)
  putTwoDigits(target + 11, secondOfDay / 3600)
  putTwoDigits(target + 14, (secondOfDay / 60) % 60)
  putTwoDigits(target + 17, secondOfDay % 60)
}

function putDate(target: usize, daysSince1970: u32): void {
  const days = daysSince1970 + (daysSince1970 > 47_540 ? 1 : 0) + 671
  const cycle = days / 1461
  const dayOfCycle = days % 1461
  const yearOfCycle = min(3, dayOfCycle / 365)
  const dayOfYear = dayOfCycle - yearOfCycle * 365
  const marchMonth = (5 * dayOfYear + 2) / 153
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  const year = 1968 + cycle * 4 + yearOfCycle + (month <= 2 ? 1 : 0)
  putTwoDigits(target, year / 100)
  putTwoDigits(target + 2, year % 100)
  putTwoDigits(target + 5, month)
  putTwoDigits(target + 8, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
}

function putTwoDigits(target: usize, value: u32): void {
  store<u8>(target, 0x30 + value / 10)
  store<u8>(target + 1, 0x30 + (value % 10))
}
