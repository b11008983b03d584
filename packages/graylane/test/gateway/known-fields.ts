import { isGraylaneError } from '@graylane/core';
import { parseGatewayConfig } from '@graylane/gateway';

const UNKNOWN = '(nothing)';

/** Every field that a gateway's configuration may have, as `routes[].host`: asked of the parser, which says it of an unknown one. */
export function knownFields(): readonly string[] {
  return fieldsBelow('', (inner) => inner);
}

function fieldsBelow(path: string, around: (inner: unknown) => unknown): string[] {
  return knownAt(around({ [UNKNOWN]: 1 })).flatMap((name) => {
    const field = path === '' ? name : `${path}.${name}`;
    const inside = fieldsBelow(field, (inner) => around({ [name]: inner }));
    return [field, ...inside, ...(inside.length > 0 ? [] : fieldsBelow(`${field}[]`, (i) => around({ [name]: [i] })))];
  });
}

/** The fields that are known where an unknown one stands; none when nothing is looked at there. */
function knownAt(input: unknown): readonly string[] {
  try {
    parseGatewayConfig(input);
  } catch (error) {
    if (!isGraylaneError(error)) throw error;
    const issue = error.issues.find(
      ({ path, message }) => path.includes(UNKNOWN) && message.startsWith('unknown field'),
    );
    return issue ? (issue.message.split('known here: ')[1] ?? '').split(', ') : [];
  }
  return [];
}
