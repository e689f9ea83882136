/**
 * The checksum of a header (RFC 4960, appendix B).
 *
 * @module
 */

/** The polynomial of CRC32c, its bits reversed. */
const POLYNOMIAL = 0x82f63b78;

/** The CRC32c of `bytes`. They are few: a table would not pay. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 1 ? crc >>> 1 ^ POLYNOMIAL : crc >>> 1;
    }
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}
