/** A header of the PROXY protocol, version 2: specification §2.2. */
export function v2(command: number, family: number, ...parts: Buffer[]): Buffer {
  const payload = Buffer.concat(parts);
  const fixed = Buffer.from([...Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'), command, family, 0, 0]);
  fixed.writeUInt16BE(payload.length, 14);
  return Buffer.concat([fixed, payload]);
}

/** A field behind the addresses: type, length, value. */
export function field(type: number, value: Buffer | string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([type, bytes.length >> 8, bytes.length & 0xff]), bytes]);
}
