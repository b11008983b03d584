/** What an error code means: one row of the table that `docs/reference/errors.md` prints. */
export interface ErrorRow {
  /** What happened, in one sentence. */
  readonly summary: string;
  /** What to do about it. */
  readonly remedy: string;
  /** The HTTP status that the gateway answers with, where it does. */
  readonly status?: number;
}

/** The code of a Graylane error. */
export type ErrorCode =
  | 'GL_POLICY_INVALID'
  | 'GL_CONFIG_INVALID'
  | 'GL_INSTANCES_INVALID'
  | 'GL_LANE_INVALID'
  | 'GL_NO_INSTANCE'
  | 'GL_REQUEST_INVALID'
  | 'GL_PASS_INVALID'
  | 'GL_TOKEN_REQUIRED'
  | 'GL_LOOP'
  | 'GL_ROUTE_NOT_FOUND'
  | 'GL_SERVICE_UNKNOWN'
  | 'GL_UPSTREAM_CONNECT'
  | 'GL_UPSTREAM_FAILED'
  | 'GL_UPSTREAM_TIMEOUT'
  | 'GL_BODY_TOO_LARGE'
  | 'GL_HEADERS_TOO_LARGE'
  | 'GL_REQUEST_TIMEOUT'
  | 'GL_TOO_MANY_CONNECTIONS'
  | 'GL_OVERLOADED'
  | 'GL_REGISTRY_UNAVAILABLE'
  | 'GL_REGISTRY_REFUSED'
  | 'GL_POLICY_UNAVAILABLE'
  | 'GL_INTERNAL'
  | 'GL_HOOKED'
  | 'GL_CLOSED';

/** Every error code of Graylane. */
export const ERRORS: Readonly<Record<ErrorCode, ErrorRow>> = {
  GL_POLICY_INVALID: {
    summary: 'A policy has mistakes; none of it was applied.',
    remedy: 'Mend every listed issue; `graylane policy check FILE` prints them with their places.',
  },
  GL_CONFIG_INVALID: {
    summary: 'Options or a configuration file have mistakes; nothing was started or changed.',
    remedy: 'Mend every listed issue.',
  },
  GL_INSTANCES_INVALID: {
    summary: 'A list of instances, or a registration, has mistakes; none of it was applied.',
    remedy: 'Mend every listed issue.',
  },
  GL_LANE_INVALID: {
    summary: 'A text is no lane name.',
    remedy: 'Use 1 to 40 characters of a-z, 0-9 and "-", not beginning or ending with "-".',
  },
  GL_NO_INSTANCE: {
    summary: 'A service has no ready instance that this lane may use.',
    remedy: 'Start an instance, or let the lane fall back: `graylane instances SERVICE` shows what is there.',
    status: 503,
  },
  GL_REQUEST_INVALID: {
    summary: 'A request can be read in more than one way, or names no valid host.',
    remedy: 'Mend the client: the message says what is wrong with its request.',
    status: 400,
  },
  GL_PASS_INVALID: {
    summary: 'A link into a lane is not valid, or not any more.',
    remedy: 'Ask whoever gave you the link for a new one; `graylane pass verify` says what is wrong with a pass.',
    status: 403,
  },
  GL_TOKEN_REQUIRED: {
    summary: 'A request has no valid token where the gateway wants one.',
    remedy: 'Sign in again; the message says what is wrong with the token that was sent.',
    status: 401,
  },
  GL_LOOP: {
    summary: 'A request came back to the gateway that had sent it on.',
    remedy:
      'Look where the route leads: an instance, an environment or a proxy behind it sends requests to this gateway.',
    status: 508,
  },
  GL_ROUTE_NOT_FOUND: {
    summary: 'No route of the gateway matches the host and path.',
    remedy: "Add a route for them to the gateway's configuration.",
    status: 404,
  },
  GL_SERVICE_UNKNOWN: {
    summary: 'A route names a service that the registry does not know.',
    remedy: 'Register an instance of it, or mend the name in the route.',
    status: 502,
  },
  GL_UPSTREAM_CONNECT: {
    summary: 'No connection to an instance could be made.',
    remedy: 'Look whether the instances run and whether the address in the registry is theirs.',
    status: 502,
  },
  GL_UPSTREAM_FAILED: {
    summary: 'An instance broke off before its answer was complete.',
    remedy: "Look into the instance's log; the gateway's log names the instance.",
    status: 502,
  },
  GL_UPSTREAM_TIMEOUT: {
    summary: 'An instance did not answer in time.',
    remedy: 'Look why it is slow, or raise the timeout of the gateway.',
    status: 504,
  },
  GL_HEADERS_TOO_LARGE: {
    summary: 'The headers of a request are larger than the gateway takes.',
    remedy: "Send less, or raise `limits.headerBytes` in the gateway's configuration.",
    status: 431,
  },
  GL_REQUEST_TIMEOUT: {
    summary: 'A request did not come in time, or more slowly than a listener allows.',
    remedy: "Send it faster, or raise the time limits in the gateway's configuration.",
    status: 408,
  },
  GL_TOO_MANY_CONNECTIONS: {
    summary: 'One address has more connections to the gateway than a listener allows.',
    remedy: 'Use the connections again that are open, or raise `connectionsPerAddress` of the listener.',
    status: 429,
  },
  GL_OVERLOADED: {
    summary: 'The gateway has more connections than a listener allows, or an instance more requests waiting than fit.',
    remedy: 'Try again later, start more gateways or instances, or raise `connections` of the listener or of the pool.',
    status: 503,
  },
  GL_BODY_TOO_LARGE: {
    summary: "A request's body is larger than the gateway's limit.",
    remedy: 'Send less, or raise `limits.bodyBytes`.',
    status: 413,
  },
  GL_REGISTRY_UNAVAILABLE: {
    summary: 'A registry cannot be reached and nothing was kept of its last answer.',
    remedy: 'Start the registry or mend its address; give a state directory so that the last answer survives restarts.',
  },
  GL_REGISTRY_REFUSED: {
    summary: 'A registry answered, and refused.',
    remedy: 'Look at the status in the message: mostly a missing or wrong token, or a limit.',
  },
  GL_POLICY_UNAVAILABLE: {
    summary: 'A policy source cannot be read and nothing was kept of its last policy.',
    remedy: 'Mend its address or path; give a state directory so that the last policy survives restarts.',
  },
  GL_INTERNAL: {
    summary: 'Graylane itself failed on a request; the request did not go on.',
    remedy: 'Report it, with the line of the log.',
    status: 500,
  },
  GL_HOOKED: {
    summary: 'The clients of this process are hooked for another router already.',
    remedy: 'Use one router a process, or call the function that the first `hookClients()` returned.',
  },
  GL_CLOSED: {
    summary: 'A router, registry or policy source was used after it was closed.',
    remedy: 'Close it last.',
  },
};

/** One mistake in something that a person wrote. */
export interface Issue {
  /** Where: the path of the value, as `rules[2].when.fact`; empty for the whole. */
  readonly path: string;
  /** What is wrong and what to do. */
  readonly message: string;
  /** The line and column in the text, from 1, where the text is known. */
  readonly at?: { readonly line: number; readonly column: number };
}

/** How many issues stand in a message; all are in `issues`. */
const LISTED = 50;

const BRAND = Symbol.for('graylane.error');

/** The only error that Graylane throws by itself. Ask {@link isGraylaneError}, not `instanceof`: copies of this package must agree. */
export class GraylaneError extends Error {
  override readonly name = 'GraylaneError';
  readonly code: ErrorCode;
  /** All mistakes, in the order of the text, for codes that end in `_INVALID`. */
  readonly issues: readonly Issue[];

  constructor(code: ErrorCode, detail: string, options: { cause?: unknown; issues?: readonly Issue[] } = {}) {
    const issues = (options.issues ?? []).toSorted(inReadingOrder);
    const list = issues.slice(0, LISTED).map((issue) => `\n  ${formatIssue(issue)}`);
    if (issues.length > LISTED) list.push(`\n  and ${issues.length - LISTED} more`);
    super(`${detail}${list.join('')}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.issues = issues;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/** Whether `error` is a {@link GraylaneError} of any copy of this package, and of this code if one is given. */
export function isGraylaneError(error: unknown, code?: ErrorCode): error is GraylaneError {
  const branded = typeof error === 'object' && error !== null && BRAND in error;
  return branded && (code === undefined || (error as { code?: unknown }).code === code);
}

/** Where no text is known, issues stay in the order in which they were found. */
function inReadingOrder(a: Issue, b: Issue): number {
  return (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0);
}

/** An issue as one line: `12:7 rules[0].lane: …`. */
export function formatIssue(issue: Issue): string {
  const place = issue.at ? `${issue.at.line}:${issue.at.column} ` : '';
  return `${place}${issue.path === '' ? '' : `${issue.path}: `}${issue.message}`;
}
