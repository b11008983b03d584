import { registrySuite } from '@graylane/testkit';
import { describe, it } from '@jest/globals';
import { registryServerHarness } from './registry-harness.ts';

registrySuite({ describe, it }, 'http', registryServerHarness, {
  corruption: 'the server checks what it takes; what other servers say is tested below',
});
