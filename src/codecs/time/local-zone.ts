/** The zone of this machine (`TZ`), which costs nothing to ask, unlike zones by name (zone.ts). */
import type { ZoneReader } from './rfc3339.ts'

export const localZone: ZoneReader = {
  offsetOfWall(wallSeconds) {
    const shown = new Date(wallSeconds * 1000)
    const local = new Date(
      shown.getUTCFullYear(),
      shown.getUTCMonth(),
      shown.getUTCDate(),
      shown.getUTCHours(),
      shown.getUTCMinutes(),
      shown.getUTCSeconds(),
    )
    return wallSeconds - local.getTime() / 1000
  },
}
