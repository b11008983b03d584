/** What stands between the parentheses of a `user-agent` header, `{os}` being a version; `{os_}` with underlines. */
const SYSTEMS = [
  'iPhone; CPU iPhone OS {os_} like Mac OS X',
  'Linux; Android {os}; Pixel 8',
  'Windows NT {os}; Win64; x64',
  'Macintosh; Intel Mac OS X {os_}',
  'X11; Linux x86_64',
  'X11; CrOS x86_64 14541.0.0',
  'Phone; OpenHarmony {os}',
  'Phone; HarmonyOS {os}; Windows NT',
];

/** What stands behind them, `{browser}` being a version. */
const BROWSERS = [
  'Chrome/{browser} Safari/537.36',
  'Version/{browser} Safari/604.1',
  'Firefox/{browser}',
  'Chrome/126.0.0.0 Safari/537.36 Edg/{browser}',
  'Chrome/126.0.0.0 Safari/537.36 OPR/{browser}',
  'SamsungBrowser/{browser} Chrome/121.0.0.0 Mobile Safari/537.36',
  'MicroMessenger/{browser}',
  'Chrome/{browser} Safari/537.36 (compatible; Googlebot/2.1)',
  '',
];

const OTHERS = ['curl/8.5.0', 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)'];

/** `user-agent` headers of every device, system and browser, with each of some versions. */
export function* agentSamples(osVersions: readonly string[], browserVersions: readonly string[]): Generator<string> {
  yield* OTHERS;
  for (const browserVersion of browserVersions)
    for (const osVersion of osVersions)
      for (const system of SYSTEMS)
        for (const browser of BROWSERS) yield agentHeader(system, browser, osVersion, browserVersion);
}

function agentHeader(system: string, browser: string, osVersion: string, browserVersion: string): string {
  const named = system.replace('{os_}', osVersion.replaceAll('.', '_')).replace('{os}', osVersion);
  return `Mozilla/5.0 (${named}) ${browser.replace('{browser}', browserVersion)}`.trimEnd();
}
