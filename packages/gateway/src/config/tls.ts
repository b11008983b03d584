import type { Value } from '@graylane/core';
import type { CertificateFiles } from '../inbound/certificates.ts';
import type { TLSOptions } from '../inbound/tls.ts';
import { MAX_MS } from './numbers.ts';

const FIELDS = ['certificates', 'clientCA', 'clientOptional', 'minVersion', 'handshakeMs'] as const;

/** Reads how a listener speaks TLS. The files themselves are not looked at. */
export function readTLS(value: Value): TLSOptions | undefined {
  const fields = value.fields(FIELDS);
  if (!fields) return undefined;
  const certificates = value.at('certificates').list(1)?.map(readCertificate);
  const clientCA = fields.clientCA?.text();
  const clientOptional = fields.clientOptional?.boolean();
  const minVersion = fields.minVersion?.oneOf(['TLSv1.2', 'TLSv1.3']);
  const handshakeMs = fields.handshakeMs?.number({ min: 1, max: MAX_MS, integer: true });
  if (clientOptional && !fields.clientCA)
    fields.clientOptional?.fail('needs the authorities of client certificates: give clientCA: clients.pem');
  return (
    certificates && {
      certificates: certificates.filter((each) => each !== undefined),
      ...(clientCA !== undefined && { clientCA }),
      ...(clientOptional !== undefined && { clientOptional }),
      ...(minVersion && { minVersion }),
      ...(handshakeMs !== undefined && { handshakeMs }),
    }
  );
}

function readCertificate(value: Value): CertificateFiles | undefined {
  if (!value.fields(['cert', 'key'])) return undefined;
  const cert = value.at('cert').text();
  const key = value.at('key').text();
  return cert === undefined || key === undefined ? undefined : { cert, key };
}
