/** How much one caller may ask for; each is a setting of the same name. docs/limits.md says what is answered beyond them. */
export type Limits = Readonly<
  Record<
    // One operation.
    | "maxDepth"
    | "maxAliases"
    | "maxDirectives"
    | "maxTokens"
    | "maxFragments"
    | "maxOperations"
    | "maxQueryFields"
    | "maxMutationFields"
    | "maxCost"
    | "maxOperationMs"
    // One HTTP request.
    | "maxBodyBytes"
    | "maxHeaders"
    // Sockets.
    | "maxSocketInitMs"
    | "maxSocketPayloadBytes"
    | "maxSocketOperations"
    | "maxSocketMessagesPerSecond"
    | "maxSocketsPerUser"
    | "maxSockets"
    // Rates.
    | "maxUserCostPerMinute"
    | "maxUserCostAtOnce"
    | "maxAnonymousCostPerMinute"
    | "maxSignInsPerAccount"
    | "maxSignInsPerAddress"
    | "maxStartsPerUser",
    number
  >
>;
