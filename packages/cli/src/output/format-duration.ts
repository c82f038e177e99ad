const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** Formats seconds with their two largest units: `45s`, `1m 1s`, `2d 3h`; a zero second unit is left out. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const first = UNITS.findIndex(([, size]) => whole >= size);
  if (first === -1) return '0s';
  const [name, size] = UNITS[first] as (typeof UNITS)[number];
  const next = UNITS[first + 1];
  const rest = next === undefined ? 0 : Math.floor((whole % size) / next[1]);
  return `${Math.floor(whole / size)}${name}${rest > 0 && next !== undefined ? ` ${rest}${next[0]}` : ''}`;
}

/** Formats how long ago an ISO time was, in its largest unit: `2m ago`; a time in the future counts as now. */
export function formatAge(iso: string, nowMs: number): string {
  const seconds = Math.floor((nowMs - Date.parse(iso)) / 1000);
  return `${formatDuration(seconds).split(' ')[0]} ago`;
}
