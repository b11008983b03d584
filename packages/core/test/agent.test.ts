import { describe, expect, it } from '@jest/globals';
import { AGENT_PARTS, readAgent } from '../src/agent.ts';

const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)';
const ANDROID = 'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)';
const WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)';
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)';

describe('user agents', () => {
  // device os osVersion browser browserVersion; - is missing
  it.each([
    ['Safari on an iPhone', `${IPHONE} Version/17.5 Mobile/15E148 Safari/604.1`, 'ios ios 17.5.1 safari 17.5'],
    [
      'Chrome on an iPhone',
      `${IPHONE} CriOS/126.0.6478.54 Mobile/15E148 Safari/604.1`,
      'ios ios 17.5.1 chrome 126.0.6478.54',
    ],
    ['Firefox on an iPhone', `${IPHONE} FxiOS/127.0 Mobile/15E148 Safari/605.1.15`, 'ios ios 17.5.1 firefox 127.0'],
    [
      'WeChat on an iPhone',
      `${IPHONE} Mobile/15E148 MicroMessenger/8.0.49(0x18003137) NetType/WIFI`,
      'ios ios 17.5.1 wechat 8.0.49',
    ],
    [
      'an iPad',
      'Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 Version/16.6 Safari/604.1',
      'ios ios 16.6 safari 16.6',
    ],
    ['Chrome on Android', `${ANDROID} Chrome/126.0.0.0 Mobile Safari/537.36`, 'android android 14 chrome 126.0.0.0'],
    [
      'Samsung Internet',
      `${ANDROID} SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36`,
      'android android 14 samsung 25.0',
    ],
    [
      'Edge on Android',
      `${ANDROID} Chrome/126.0.0.0 Mobile Safari/537.36 EdgA/126.0.2592.56`,
      'android android 14 edge 126.0.2592.56',
    ],
    ['Chrome on Windows', `${WINDOWS} Chrome/126.0.0.0 Safari/537.36`, 'desktop windows 10.0 chrome 126.0.0.0'],
    [
      'Edge on Windows',
      `${WINDOWS} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0`,
      'desktop windows 10.0 edge 126.0.0.0',
    ],
    [
      'Opera on Windows',
      `${WINDOWS} Chrome/124.0.0.0 Safari/537.36 OPR/110.0.0.0`,
      'desktop windows 10.0 opera 110.0.0.0',
    ],
    ['Safari on macOS', `${MAC} Version/17.4.1 Safari/605.1.15`, 'desktop macos 10.15.7 safari 17.4.1'],
    [
      'Firefox on Linux',
      'Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0',
      'desktop linux - firefox 127.0',
    ],
    [
      'a Chromebook',
      'Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36',
      'desktop chromeos - chrome 126.0.0.0',
    ],
    [
      'HarmonyOS',
      'Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1',
      'harmonyos harmonyos 5.0 chrome 114.0.0.0',
    ],
    [
      'HarmonyOS that says Android',
      'Mozilla/5.0 (Linux; Android 10; HarmonyOS; ELS-AN00) AppleWebKit/537.36 Chrome/99.0.0.0',
      'harmonyos harmonyos - chrome 99.0.0.0',
    ],
    [
      'a bot that looks like a phone',
      `${ANDROID} Chrome/126.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1)`,
      'bot android 14 chrome 126.0.0.0',
    ],
    ['a Chinese bot', 'Mozilla/5.0 (compatible; Baiduspider/2.0)', 'bot - - - -'],
    ['a tool', 'curl/8.5.0', '- - - - -'],
    ['nothing', '', '- - - - -'],
  ])('%s', (_, header, expected) => {
    const parts = AGENT_PARTS.map((part) => readAgent(header, part) ?? '-');
    expect(parts.join(' ')).toBe(expected);
  });

  it('a version without digits is missing', () => {
    expect(readAgent('Chrome/beta', 'browserVersion')).toBeUndefined();
    expect(readAgent('Chrome/', 'browserVersion')).toBeUndefined();
    expect(readAgent('Chrome/12.', 'browserVersion')).toBe('12');
  });

  it('a megabyte of tokens is read at once', () => {
    expect(readAgent('Chrome/'.repeat(150_000), 'browser')).toBe('chrome');
    expect(readAgent(`Chrome/${'1.'.repeat(500_000)}`, 'browserVersion')).toHaveLength(999_999);
  });
});
