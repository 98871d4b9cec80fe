/** The version of this agent, as package.json has it. */
export const AGENT_VERSION = '0.1.0';
