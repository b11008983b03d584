import type { IncomingMessage } from 'node:http';
import { GraylaneError, type Instance, issueCollector, readInstance, Value } from '@graylane/core';

/** What a registration may ask for. */
export interface RegistrationLimits {
  /** How long an instance lives that does not say so itself, in milliseconds. Default 15,000. */
  readonly ttlMs: number;
  /** Default 100. */
  readonly minTtlMs: number;
  /** Default 300,000. */
  readonly maxTtlMs: number;
  /** Default 64 KiB. */
  readonly bodyBytes: number;
}

/** An instance that was put, and how long it lives without being renewed. */
export interface PutInstance {
  readonly instance: Instance;
  readonly ttlMs: number;
}

/**
 * Reads a body as JSON.
 *
 * @throws GraylaneError `GL_BODY_TOO_LARGE`, or `GL_INSTANCES_INVALID` when it is no JSON
 */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new GraylaneError('GL_BODY_TOO_LARGE', `The body has more than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch {
    throw new GraylaneError('GL_INSTANCES_INVALID', 'The body is no JSON.');
  }
}

/**
 * What a body says of an instance. Service and id are the path's; a body that repeats them must say the same.
 *
 * @throws GraylaneError `GL_INSTANCES_INVALID` with every mistake
 */
export function readRegistration(
  body: unknown,
  service: string,
  id: string,
  { ttlMs: defaultTtl, minTtlMs, maxTtlMs }: RegistrationLimits,
): PutInstance {
  const { issues, report } = issueCollector();
  const root = new Value(body, [], report);
  checkName(new Value(service, ['service'], report), 200);
  checkName(new Value(id, ['id'], report), 300);
  let read: PutInstance | undefined;
  if (root.entries()) {
    const { ttlMs: wantedTtl, ...fields } = body as Record<string, unknown>;
    if (fields.service !== undefined && fields.service !== service) root.at('service').fail('must be as in the path');
    if (fields.id !== undefined && fields.id !== id) root.at('id').fail('must be as in the path');
    const bounds = { min: minTtlMs, max: maxTtlMs, integer: true };
    const ttlMs = wantedTtl === undefined ? defaultTtl : root.at('ttlMs').number(bounds);
    const instance = readInstance(new Value({ ...fields, id, service }, [], report), service);
    if (instance && ttlMs !== undefined) read = { instance, ttlMs };
  }
  if (read && issues.length === 0) return read;
  throw new GraylaneError('GL_INSTANCES_INVALID', 'The registration has mistakes:', { issues });
}

function checkName(value: Value, max: number): void {
  const text = value.text({ max });
  if (text !== undefined && !/^[^\s\p{C}]+$/u.test(text)) value.fail('must have neither spaces nor control characters');
}
