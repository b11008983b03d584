/** What a `user-agent` header says about who asks. A part is undefined where the header does not say it. */
export interface AgentParts {
  /** `ios`, `android`, `harmonyos`, `desktop` or `bot`. */
  readonly device: string | undefined;
  /** `ios`, `android`, `windows`, `macos`, `linux`, `chromeos`, `harmonyos`. */
  readonly os: string | undefined;
  /** Version of the operating system, as `17.5`. */
  readonly osVersion: string | undefined;
  /** `wechat`, `edge`, `opera`, `samsung`, `firefox`, `chrome`, `safari`. */
  readonly browser: string | undefined;
  /** Version of the browser, as `126.0.1`. */
  readonly browserVersion: string | undefined;
}

/** The names of the parts, as in the fact notation `agent.NAME`. */
export const AGENT_PARTS = ['device', 'os', 'osVersion', 'browser', 'browserVersion'] as const;

/**
 * Ordered tables of `[token that must occur, name, token that a version follows]`; the first that occurs wins. Plain
 * substring search and no regular expression, so that an executor in another language reads the same tables. Browsers
 * that pretend to be others stand before those they pretend to be.
 */
const SYSTEMS: readonly (readonly [token: string, name: string, version: string])[] = [
  ['HarmonyOS', 'harmonyos', 'HarmonyOS '],
  ['OpenHarmony', 'harmonyos', 'OpenHarmony '],
  ['iPhone', 'ios', ' OS '],
  ['iPad', 'ios', ' OS '],
  ['iPod', 'ios', ' OS '],
  ['Android', 'android', 'Android '],
  ['CrOS', 'chromeos', ''],
  ['Windows', 'windows', 'Windows NT '],
  ['Mac OS X', 'macos', 'Mac OS X '],
  ['Macintosh', 'macos', ''],
  ['Linux', 'linux', ''],
];

const BROWSERS: readonly (readonly [token: string, name: string, version: string])[] = [
  ['MicroMessenger/', 'wechat', 'MicroMessenger/'],
  ['Edg/', 'edge', 'Edg/'],
  ['EdgA/', 'edge', 'EdgA/'],
  ['EdgiOS/', 'edge', 'EdgiOS/'],
  ['OPR/', 'opera', 'OPR/'],
  ['SamsungBrowser/', 'samsung', 'SamsungBrowser/'],
  ['Firefox/', 'firefox', 'Firefox/'],
  ['FxiOS/', 'firefox', 'FxiOS/'],
  ['CriOS/', 'chrome', 'CriOS/'],
  ['Chrome/', 'chrome', 'Chrome/'],
  ['Safari/', 'safari', 'Version/'],
];

const DEVICES: readonly (readonly [token: string, name: string, version: string])[] = [
  ['bot', 'bot', ''],
  ['Bot', 'bot', ''],
  ['spider', 'bot', ''],
  ['iPhone', 'ios', ''],
  ['iPad', 'ios', ''],
  ['iPod', 'ios', ''],
  ['HarmonyOS', 'harmonyos', ''],
  ['OpenHarmony', 'harmonyos', ''],
  ['Android', 'android', ''],
  ['Windows', 'desktop', ''],
  ['Macintosh', 'desktop', ''],
  ['CrOS', 'desktop', ''],
  ['Linux', 'desktop', ''],
];

/** Reads one part of a `user-agent` header. Linear time, never throws. */
export function readAgent(userAgent: string, part: keyof AgentParts): string | undefined {
  switch (part) {
    case 'device':
      return find(DEVICES, userAgent)?.[1];
    case 'os':
      return find(SYSTEMS, userAgent)?.[1];
    case 'osVersion':
      return versionAfter(userAgent, find(SYSTEMS, userAgent)?.[2]);
    case 'browser':
      return find(BROWSERS, userAgent)?.[1];
    case 'browserVersion':
      return versionAfter(userAgent, find(BROWSERS, userAgent)?.[2]);
  }
}

function find<Row extends readonly [string, ...unknown[]]>(rows: readonly Row[], userAgent: string): Row | undefined {
  return rows.find(([token]) => userAgent.includes(token));
}

/** Digits separated by `.` or `_` after a token, with dots: `17_5_1` is `17.5.1`. */
function versionAfter(userAgent: string, token: string | undefined): string | undefined {
  if (!token) return undefined;
  const at = userAgent.indexOf(token);
  if (at === -1) return undefined;
  const [version] = /^\d+(?:[._]\d+)*/.exec(userAgent.slice(at + token.length)) ?? [];
  return version?.replaceAll('_', '.');
}
