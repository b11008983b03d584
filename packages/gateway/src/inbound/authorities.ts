import { X509Certificate } from 'node:crypto';
import { GraylaneError } from '@graylane/core';
import { readPEM } from './certificates.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * The certificates of authorities in a PEM file, one by one. Node itself takes what it cannot read for no authority at all,
 * and then believes nobody.
 *
 * @throws GraylaneError `GL_CONFIG_INVALID` when the file cannot be read or holds none
 */
export function readAuthorities(path: string): readonly Buffer[] {
  const found = readPEM(path).toString('latin1').match(CERTIFICATE) ?? [];
  if (found.length === 0) throw new GraylaneError('GL_CONFIG_INVALID', `${path} holds no certificate in PEM`);
  return found.map((text, index) => {
    const certificate = Buffer.from(text);
    try {
      new X509Certificate(certificate);
    } catch (cause) {
      const { message } = cause as Error;
      throw new GraylaneError('GL_CONFIG_INVALID', `${path}: certificate ${index + 1} cannot be read: ${message}`, {
        cause,
      });
    }
    return certificate;
  });
}
