import { memoryPolicy, memoryRegistry } from '@graylane/sources';
import { policySourceSuite, registrySuite } from '@graylane/testkit';
import { describe, it } from '@jest/globals';

registrySuite(
  { describe, it },
  'memory',
  async () => {
    const memory = memoryRegistry();
    return {
      open: memory.open,
      set: async (instances) => memory.set(instances),
      listed: async () => [...memory.snapshot().services.values()].flat(),
      leave: (instance) => memory.register(instance).deregister(),
      secrets: [],
      close: memory.close.bind(memory),
    };
  },
  {
    outage: 'a memory is always in reach',
    forgetting: 'a memory ends with its process',
    corruption: 'a memory holds checked values only',
  },
);

policySourceSuite(
  { describe, it },
  'memory',
  async () => {
    const memory = memoryPolicy();
    return {
      open: memory.open,
      set: async (text, segments = {}) => {
        const files = Object.entries(segments).map(([name, lines]) => [name, lines.split('\n')] as const);
        memory.set(text, new Map(files));
      },
      secrets: [],
      close: memory.close.bind(memory),
    };
  },
  {
    outage: 'a memory is always in reach',
    segments: 'whoever hands a policy to a memory has read its files',
    halves: 'a memory is handed whole policies',
  },
);
