// The rules find faults. They leave the form of the code alone.

import js from "@eslint/js";
import globals from "globals";

const rules = {
  ...js.configs.recommended.rules,
  "array-callback-return": "error",
  eqeqeq: "error",
  "no-console": "error",
  "no-constructor-return": "error",
  "no-empty": ["error", { allowEmptyCatch: true }],
  "no-eval": "error",
  "no-implied-eval": "error",
  "no-new-func": "error",
  "no-redeclare": ["error", { builtinGlobals: false }],
  "no-self-compare": "error",
  "no-template-curly-in-string": "error",
  "no-throw-literal": "error",
  "no-unmodified-loop-condition": "error",
  "no-unreachable-loop": "error",
  "no-unused-private-class-members": "off", // tsc finds them, and knows ||=
  "no-unused-vars": ["error", { ignoreRestSiblings: true }],
  "no-var": "error",
  "prefer-const": "error",
};

export default [
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  { files: ["**/*.js"], rules },
  { files: ["web/static/**", "web/admin/**"], languageOptions: { globals: globals.browser } },
  { files: ["web/static/sw.js"], languageOptions: { globals: globals.serviceworker, sourceType: "script" } },
  { files: ["web/testdata/**"], languageOptions: { globals: globals.node } },
];
