import { GraylaneError, issueCollector, type Lane, parseLane, Value } from '@graylane/core';
import { MAX_SIGNED_LENGTH, openText, type SignatureFault, signText } from './signed-text.ts';
import type { SigningKey, SigningKeys } from './signing-key.ts';

/** What puts a tester into a lane, whatever the rules say, until it expires. */
export interface Pass {
  readonly lane: Lane;
  /** Seconds since the epoch. */
  readonly expires: number;
  /** Who it is for or what; only for people. */
  readonly note?: string;
  /** Whether answers say where they came from. Default false. */
  readonly debug?: boolean;
}

/** A pass that is genuine and in force. */
export interface VerifiedPass extends Pass {
  /** The id of the key that signed it. */
  readonly key: string;
}

/** Why a pass is none. */
export type PassFault = SignatureFault | 'expired' | 'lives-too-long';

/** How passes are verified. */
export interface PassRules {
  readonly keys: SigningKeys;
  /** How far away the expiry of a pass may be, so that one that gets lost does not open a lane for ever. */
  readonly maxLifetimeSeconds: number;
}

const KIND = 'glp1';
const MAX_NOTE = 100;

/**
 * The text of a pass: `glp1.KEY.PAYLOAD.SIGNATURE`.
 *
 * @throws GraylaneError `GL_CONFIG_INVALID` when the pass cannot be read again
 */
export function signPass(pass: Pass, key: SigningKey): string {
  const { issues, report } = issueCollector();
  readPayload(new Value(pass, [], report));
  const { lane, expires, note, debug } = pass;
  const text = signText(KIND, { lane, expires, ...(note && { note }), ...(debug && { debug }) }, key);
  if (text.length > MAX_SIGNED_LENGTH) report(['note'], 'is too long');
  if (issues.length > 0) throw new GraylaneError('GL_CONFIG_INVALID', 'This cannot be a pass:', { issues });
  return text;
}

/**
 * Reads the text of a pass. A word instead of a pass says what is wrong with it. Whether there is such a lane is for the
 * caller to say, who knows the policy.
 *
 * @param now milliseconds since the epoch
 */
export function verifyPass(
  text: string,
  { keys, maxLifetimeSeconds }: PassRules,
  now: number,
): VerifiedPass | PassFault {
  const opened = openText(KIND, text, keys);
  if (typeof opened === 'string') return opened;
  const { issues, report } = issueCollector();
  const pass = readPayload(new Value(opened.payload, [], report));
  if (!pass || issues.length > 0) return 'malformed';
  if (pass.expires * 1_000 <= now) return 'expired';
  if (pass.expires - now / 1_000 > maxLifetimeSeconds) return 'lives-too-long';
  return { ...pass, key: opened.key };
}

/** What people are told of a fault. */
export const PASS_FAULTS: Readonly<Record<PassFault, string>> = {
  malformed: 'it is not in the form of a pass',
  'unknown-key': 'it was signed with a key that is not known here',
  'bad-signature': 'its signature does not hold',
  expired: 'it has expired',
  'lives-too-long': 'it expires later than passes may here',
};

function readPayload(value: Value): Pass | undefined {
  const fields = value.fields(['lane', 'expires', 'note', 'debug']);
  const lane = parseLane(value.at('lane').text()) ?? value.at('lane').fail('is no lane name');
  const expires = value.at('expires').number({ min: 0, max: Number.MAX_SAFE_INTEGER, integer: true });
  const note = fields?.note?.text({ max: MAX_NOTE });
  const debug = fields?.debug?.boolean();
  if (lane === undefined || expires === undefined) return undefined;
  return { lane, expires, ...(note !== undefined && { note }), ...(debug && { debug }) };
}
