const UNITS = ['B', 'K', 'M', 'G', 'T', 'P'] as const;

/** Formats a number of bytes in powers of 1,024 with three figures or so: `512B`, `9.5K`, `50.0M`, `1.2G`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 1023.95 would be rounded to 1024.0 of the smaller unit.
  while (value >= 1023.95 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return unit === 0 ? `${Math.round(value)}B` : `${value.toFixed(1)}${UNITS[unit]}`;
}
