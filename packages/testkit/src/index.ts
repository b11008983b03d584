export { type NaiveDecision, naiveDecide } from './naive-decide.ts';
export type { PolicyCapability, PolicyHarness } from './policy-harness.ts';
export { policySourceSuite } from './policy-suite.ts';
export { instanceOf, type RegistryCapability, type RegistryHarness, show, shown } from './registry-harness.ts';
export { registrySuite } from './registry-suite.ts';
export { eventually, type Lacks, type Runner } from './runner.ts';
