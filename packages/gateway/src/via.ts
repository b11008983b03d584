import { randomBytes } from 'node:crypto';

/** Through more gateways of ours than this no request goes on purpose. */
const MAX_GATEWAYS = 8;

/** What a gateway adds to `Via` (RFC 9110, section 7.6.3), and how it knows its own. */
export class Via {
  /** `graylane-3f9c1a`: a name of this process that says nothing about its machine. */
  readonly #name = `graylane-${randomBytes(3).toString('hex')}`;

  /** The value to add to a request that came with this version of HTTP. */
  valueFor(httpVersion: string): string {
    return `${httpVersion} ${this.#name}`;
  }

  /** Whether a request goes round in circles: it was here before, or at too many others like this. */
  isLoop(lines: readonly string[]): boolean {
    let gateways = 0;
    for (let at = 0; at + 1 < lines.length; at += 2) {
      const line = lines[at] as string;
      if (line.length !== 3 || line.toLowerCase() !== 'via') continue;
      const value = lines[at + 1] as string;
      if (value.includes(this.#name)) return true;
      gateways += value.split(' graylane-').length - 1;
    }
    return gateways > MAX_GATEWAYS;
  }
}
