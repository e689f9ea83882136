// How numbers are written.

const counts = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const times = new Intl.DateTimeFormat("en", {
  timeStyle: "medium",
  hourCycle: "h23",
});

/** A number of things. */
export const count = (value) => counts.format(value);

/** Milliseconds. */
export const milliseconds = (value) => `${counts.format(value)} ms`;

/** A number of bytes, in the unit that leaves three digits. */
export function bytes(value) {
  if (value < 1000) return `${Math.round(value)} B`;
  let unit = -1;
  do {
    value /= 1000;
    unit++;
  } while (value >= 999.5 && unit < 3);
  return `${value.toPrecision(3)} ${["kB", "MB", "GB", "TB"][unit]}`;
}

/** Bytes a second. */
export const speed = (value) => `${bytes(value)}/s`;

/** A time in seconds. */
export function duration(seconds) {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  }
  const hours = Math.floor(seconds / 3600);
  if (hours < 48) return `${hours} h ${Math.floor(seconds % 3600 / 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A time of day, from milliseconds since 1970. */
export const clock = (at) => times.format(at);
