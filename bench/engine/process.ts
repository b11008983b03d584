// Measures one contender of one question in a process of its own, and says the cost on standard output.
import { measure } from './measure.ts';
import { QUESTIONS } from './questions.ts';

const [questionName, contender = '', effort = '{}'] = process.argv.slice(2);
const question = QUESTIONS.find(({ name }) => name === questionName);
const make = question?.contenders[contender];
if (!make) throw new Error(`nobody is called "${contender}" in "${questionName}"`);
console.log(JSON.stringify(await measure(await make(), JSON.parse(effort))));
process.exit(0); // some peers keep timers
