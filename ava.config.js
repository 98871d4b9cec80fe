// Tests are TypeScript that Node runs itself. The lab tests need booted hosts and run one file at a time (scripts/test.mjs).
export default {
  files: ['test/**/*.test.ts'],
  extensions: ['ts'],
  nodeArguments: ['--no-warnings'],
  timeout: '2m',
};
